//! A family of a public struct is resolved to one of its closed labels, whose types are then public too.
use tachometer::{LabelValue, Labels};

#[derive(LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Labels)]
pub struct Sent {
    pub stream: String,
    status: Status,
}

fn main() {}
