//! Keys that there are not, that come twice, that exclude each other, or whose values are of the wrong type.
use tachometer::Labels;

#[derive(Labels)]
#[label(rename_all = "snake_case")]
struct OfTheStruct {
    stream: String,
}

#[derive(Labels)]
struct OfFields {
    #[label(rename = "topic")]
    unknown: String,
    #[label("topic")]
    bare: String,
    #[label(name = 5)]
    number: String,
    #[label(name = "a", name = "b")]
    twice: String,
    #[label(skip)]
    #[label(skip)]
    skipped_twice: String,
    #[label]
    nothing: String,
}

#[derive(Labels)]
struct Stream {
    name: String,
}

#[derive(Labels)]
struct Exclusive {
    #[label(flatten, name = "stream")]
    flattened: Stream,
    #[label(skip, name = "stream")]
    skipped: String,
    #[label(skip, flatten)]
    both: Stream,
}

fn main() {}
