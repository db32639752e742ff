//! A newtype over a type that is not a label value.
use tachometer::LabelValue;

#[derive(LabelValue)]
struct Payload(Vec<u8>);

fn main() {}
