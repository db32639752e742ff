//! Variants that have the same value, by their names or by their attributes, and an empty value.
#![allow(nonstandard_style)]
use tachometer::LabelValue;

#[derive(LabelValue)]
enum ByName {
    NotFound,
    Not_Found,
}

#[derive(LabelValue)]
enum ByAttribute {
    Ok,
    #[label("ok")]
    Fine,
}

#[derive(LabelValue)]
#[label(rename_all = "lowercase")]
enum ByStyle {
    Timeout,
    TimeOut,
}

#[derive(LabelValue)]
enum Empty {
    #[label("")]
    Nothing,
    Something,
}

fn main() {}
