//! Names that are taken, illegal or reserved.
use tachometer::Labels;

#[derive(Labels)]
struct Twice {
    stream: String,
    #[label(name = "stream")]
    topic: String,
}

#[derive(Labels)]
struct RawTwice {
    r#type: String,
    #[label(name = "type")]
    kind: String,
}

#[derive(Labels)]
struct Illegal {
    #[label(name = "stream-name")]
    dashed: String,
    #[label(name = "2nd")]
    digit: String,
    #[label(name = "")]
    empty: String,
    größe: String,
}

#[derive(Labels)]
struct Reserved {
    #[label(name = "__name__")]
    name: String,
    #[label(name = "quantile")]
    q: String,
    overflow: bool,
}

fn main() {}
