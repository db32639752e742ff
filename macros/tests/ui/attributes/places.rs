//! Attributes on what has no body that runs.
use tachometer::{StaticCounter, counted, timed};

static CALLS: StaticCounter = StaticCounter::new("calls_total", "Calls.");

#[counted(CALLS)]
const fn in_the_compiler() -> u64 {
    7
}

#[counted(CALLS)]
struct Service;

#[counted(CALLS)]
impl Service {
    fn call(&self) {}
}

trait Work {
    #[timed("work_duration")]
    fn work(&self);
}

impl Work for Service {
    #[timed("work_duration", kind = "const")]
    const fn work(&self) {}
}

fn main() {
    Service.call();
    in_the_compiler();
}
