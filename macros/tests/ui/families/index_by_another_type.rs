//! A wrong label in an index: a string, another enum, a value too few, a number.
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

fn main() {
    let by_status = Family::<Status, Counter>::noop();
    by_status["ok"].inc();
    by_status[Kind::Read].inc();
    by_status[0].inc();
    let by_both = Family::<(Status, Kind), Counter>::noop();
    by_both[Status::Ok].inc();
    by_both[(Kind::Read, Status::Ok)].inc();
    let flushed = Family::<Flushed, Counter>::noop();
    flushed[Status::Ok].inc();
    let _ = by_status.get("ok");
}
