//! A value by itself has no name to flatten.
use tachometer::{LabelValue, Labels};

#[derive(LabelValue)]
enum Status {
    Ok,
    Failed,
}

#[derive(Labels)]
struct Sent {
    stream: String,
    #[label(flatten)]
    status: Status,
}

fn main() {}
