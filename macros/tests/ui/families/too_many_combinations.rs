//! A family that would have a million series from the start.
use tachometer::{Counter, Family, LabelValue, Labels, Registry};

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

#[derive(Labels)]
struct Number {
    a: Digit,
    b: Digit,
    c: Digit,
    d: Digit,
    e: Digit,
    f: Digit,
}

fn main() -> Result<(), tachometer::RegisterError> {
    let _: Family<Number, Counter> = Registry::new().declare("numbers_total", "Numbers.").register()?;
    Ok(())
}
