//! A label that is missing, misspelt, or of the wrong type, in a struct of labels.
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
    let _ = sent.series(&Sent { stream: "orders" });
    let _ = sent.series(&Sent { stream: "orders", status: "ok" });
    let _ = sent.series(&Sent { stream: "orders", state: Status::Ok });
    let _ = sent.series(&Sent { stream: "orders", status: Kind::Read });
}
