//! Common labels of a type that is not a set of labels.
use tachometer::{Counter, Metrics};

struct Stream {
    stream_name: String,
}

#[derive(Metrics)]
#[metrics(common = Stream)]
struct Orders {
    /// Orders.
    orders_total: Counter,
}

fn main() {}
