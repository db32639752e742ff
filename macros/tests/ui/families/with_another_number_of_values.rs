//! Another number of values than the family has open labels.
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
    let _ = sent.with(());
    let _ = sent.with(("orders", "eu"));
    let _ = sent.with(("orders", Status::Ok));
    let by_two = Family::<(String, u32), Counter>::noop();
    let _ = by_two.with("orders");
    let _ = by_two.with(("orders", 1, "eu"));
    let by_status = Family::<Status, Counter>::noop();
    let _ = by_status.with("ok");
}
