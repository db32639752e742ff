//! Values that are no label values.
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
    let _ = sent.with(vec!["orders"]);
    let _ = sent.with(1.5);
    let _ = sent.with(std::net::Ipv4Addr::LOCALHOST);
}
