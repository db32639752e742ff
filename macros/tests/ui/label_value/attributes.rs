//! Keys that there are not, that come twice, or whose values are of the wrong type.
use tachometer::LabelValue;

#[derive(LabelValue)]
#[label(rename = "kebab-case")]
enum UnknownKey {
    Ok,
}

#[derive(LabelValue)]
#[label(rename_all = "Train-Case")]
enum UnknownStyle {
    Ok,
}

#[derive(LabelValue)]
#[label(rename_all = kebab)]
enum NoString {
    Ok,
}

#[derive(LabelValue)]
#[label(rename_all = "snake_case", rename_all = "kebab-case")]
enum KeyTwice {
    Ok,
}

#[derive(LabelValue)]
enum OfVariants {
    #[label(name = "ok")]
    Ok,
    #[label(404)]
    NotFound,
    #[label("a")]
    #[label("b")]
    Twice,
}

#[derive(LabelValue)]
#[label(rename_all = "snake_case")]
struct Newtype(String);

#[derive(LabelValue)]
struct Field(#[label(name = "topic")] String);

fn main() {}
