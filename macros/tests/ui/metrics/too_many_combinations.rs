//! A family that would have a series for each of a million combinations from the start.
use tachometer::{Counter, Family, LabelValue, Metrics};

#[derive(LabelValue)]
enum Digit {
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
    Seven,
    Eight,
    Nine,
    Ten,
}

type Number = (Digit, Digit, Digit, Digit, Digit, Digit);

#[derive(Metrics)]
struct Numbers {
    /// Numbers seen.
    #[metric(labels("a", "b", "c", "d", "e", "f"))]
    seen_total: Family<Number, Counter>,
}

fn main() {}
