//! Metrics that say nothing about themselves.
use tachometer::{Counter, Metrics};

#[derive(Metrics)]
struct Orders {
    placed_total: Counter,
    ///
    paid_total: Counter,
}

fn main() {}
