//! A counter goes up: no handle of one can be lowered, set or begun again.
use tachometer::{Counter, FloatCounter, SignalCounter, StaticCounter, StaticFloatCounter, StaticSignalCounter};

static EVENTS: StaticCounter = StaticCounter::new("events_total", "Events.");
static SECONDS: StaticFloatCounter = StaticFloatCounter::new("seconds_total", "Seconds.");
static SIGNALS: StaticSignalCounter = StaticSignalCounter::new("signals_total", "Signals.");

fn main() {
    let (counter, float, signal) = (Counter::noop(), FloatCounter::noop(), SignalCounter::noop());
    counter.add(-1);
    counter.dec();
    counter.sub(1);
    counter.set(0);
    counter.reset();
    counter.local().add(-1);
    counter.local().dec();
    counter.local().sub(1);
    float.dec();
    float.sub(1.0);
    float.set(0.0);
    float.reset();
    float.local().sub(1.0);
    signal.add(-1);
    signal.dec();
    signal.sub(1);
    signal.set(0);
    signal.reset();
    EVENTS.add(-1);
    EVENTS.dec();
    EVENTS.sub(1);
    SECONDS.sub(1.0);
    SECONDS.set(0.0);
    SIGNALS.add(-1);
    SIGNALS.sub(1);
}
