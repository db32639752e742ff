//! What does not compile, and what the compiler says then.
//!
//! Each file in `ui` has the messages beside it. `TRYBUILD=overwrite cargo test -p tachometer-macros` writes them anew;
//! read them before they are committed.
#![forbid(unsafe_code)]

#[test]
fn mistakes_do_not_compile_and_the_message_points_at_them() {
    let cases = trybuild::TestCases::new();
    // A program that must run makes this a build instead of a check: only then is a family with too many combinations
    // found, whose number is known when the generic function that declares it is compiled.
    cases.pass("tests/ui/compiles.rs");
    for of in ["attributes", "error_label", "label_value", "labels", "metrics", "families", "counters"] {
        cases.compile_fail(format!("tests/ui/{of}/*.rs"));
    }
}
