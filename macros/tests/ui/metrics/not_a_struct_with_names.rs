//! What has no field names to take metric names from.
use tachometer::{Counter, Metrics};

#[derive(Metrics)]
struct Tuple(Counter);

#[derive(Metrics)]
struct Unit;

#[derive(Metrics)]
enum Either {
    Orders(Counter),
}

fn main() {}
