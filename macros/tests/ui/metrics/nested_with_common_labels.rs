//! Nested metrics that want common labels, which nobody gives them.
use tachometer::{Counter, Labels, Metrics};

#[derive(Labels)]
struct Stream {
    stream_name: String,
}

#[derive(Metrics)]
#[metrics(prefix = "retry", common = Stream)]
struct Retries {
    /// Retries.
    retries_total: Counter,
}

#[derive(Metrics)]
struct Orders {
    #[metrics(nested)]
    retries: Retries,
}

fn main() {}
