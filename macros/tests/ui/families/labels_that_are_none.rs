//! Families of what is not a set of labels.
use tachometer::{Counter, Family, LabelValue, Labels};

#[derive(Clone, Copy, LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Clone, Copy, LabelValue)]
enum Kind {
    Read,
    Write,
}

#[derive(Labels)]
struct Sent<S = String> {
    stream: S,
    status: Status,
}

#[derive(Labels)]
struct Flushed {
    status: Status,
    kind: Kind,
}

struct Shard(u32);

fn main() -> Result<(), tachometer::RegisterError> {
    let registry = tachometer::Registry::new();
    let _: Family<Shard, Counter> = registry.declare("a_total", "A.").label("shard").register()?;
    let _: Family<(Status, Shard), Counter> = registry.declare("b_total", "B.").label("shard").register()?;
    let _: Family<Status, u64> = registry.declare("c_total", "C.").label("status").register()?;
    Ok(())
}
