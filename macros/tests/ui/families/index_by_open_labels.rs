//! Labels whose values are not known beforehand have no index.
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
    let by_stream = Family::<String, Counter>::noop();
    by_stream["orders".to_owned()].inc();
    by_stream["orders"].inc();
    let sent = Family::<Sent, Counter>::noop();
    sent[Sent { stream: "orders".to_owned(), status: Status::Ok }].inc();
    let _ = sent.get(Sent { stream: "orders".to_owned(), status: Status::Ok });
}
