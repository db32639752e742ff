//! What has no field names to take label names from.
use tachometer::Labels;

#[derive(Labels)]
struct Stream(String);

#[derive(Labels)]
enum Status {
    Ok,
    Failed,
}

#[derive(Labels)]
union Bits {
    integer: u32,
    float: f32,
}

fn main() {}
