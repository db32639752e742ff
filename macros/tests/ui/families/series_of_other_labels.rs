//! Labels of another struct, or of one that says other things.
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
    let sent = Family::<Sent, Counter>::noop();
    let _ = sent.series(&Flushed { status: Status::Ok, kind: Kind::Read });
    let _ = sent.series(&Sent { stream: Kind::Read, status: Status::Ok });
    let _ = sent.series(&("orders", Status::Ok));
    let _ = sent.series(&"orders");
    sent.remove(&Flushed { status: Status::Ok, kind: Kind::Read });
}
