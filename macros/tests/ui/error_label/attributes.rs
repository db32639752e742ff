//! Keys that there are not, values that come twice, and what is no error.
use tachometer::ErrorLabel;

#[derive(ErrorLabel)]
#[label(rename = "kebab-case")]
enum UnknownKey {
    Io(std::io::Error),
}

#[derive(ErrorLabel)]
#[label("timeout")]
struct ValueOfAStruct;

#[derive(ErrorLabel)]
enum OfVariants {
    #[label("TimedOut")]
    Deadline { seconds: u64 },
    TimedOut(u64),
    #[label("")]
    Nothing,
    Field(#[label("row")] u64),
}

#[derive(ErrorLabel)]
enum Never {}

#[derive(ErrorLabel)]
union Bits {
    integer: u32,
    float: f32,
}

fn main() {}
