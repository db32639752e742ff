//! Common labels without names, and types that are no labels at all.
use tachometer::{Counter, LabelValue, Metrics};

#[derive(LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Metrics)]
#[metrics(common = Status)]
struct OneValue {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(common = (Status, String))]
struct Tuple {
    /// Orders.
    orders_total: Counter,
}

fn main() {}
