//! Enums whose values are not known, and structs that are not one value.
use tachometer::LabelValue;

#[derive(LabelValue)]
enum Never {}

#[derive(LabelValue)]
enum Outcome {
    Ok,
    Failed(u32),
    Refused { by: String },
}

#[derive(LabelValue)]
struct Two(String, String);

#[derive(LabelValue)]
struct Named {
    stream: String,
    shard: u32,
}

#[derive(LabelValue)]
struct Unit;

#[derive(LabelValue)]
union Bits {
    integer: u32,
    float: f32,
}

fn main() {}
