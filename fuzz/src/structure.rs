//! What must hold of the lines of an exposition together, whatever they expose: each family is one block under its head,
//! no name belongs to two families, and no series is there twice. Prometheus drops a scrape in which it does not.

use std::collections::HashSet;

use crate::exposition::{Line, Sample};

/// Checks it.
///
/// # Panics
///
/// When something does not hold.
pub fn check(lines: &[Line]) {
    let (mut names, mut series) = (HashSet::new(), HashSet::new());
    let mut rest = lines;
    while !rest.is_empty() {
        let (name, kind, samples, behind) = next_block(rest);
        for claimed in claimed_names(name, kind) {
            assert!(names.insert(claimed.clone()), "`{claimed}` belongs to two families");
        }
        let own = sample_names(name, kind);
        for Sample { name: sample, labels, .. } in samples.iter().map(sample) {
            assert!(own.contains(sample), "`{sample}` stands in the block of `{name}`");
            assert!(series.insert((sample, labels)), "`{sample}{labels:?}` is there twice");
        }
        rest = behind;
    }
}

/// The first block: name and type, samples, and what comes behind.
fn next_block(lines: &[Line]) -> (&str, &str, &[Line], &[Line]) {
    let (help, rest) = match lines {
        [Line::Help { name, .. }, rest @ ..] => (Some(name), rest),
        rest => (None, rest),
    };
    let [Line::Type { name, kind }, rest @ ..] = rest else { panic!("no type: {:?}", rest.first()) };
    assert!(help.is_none_or(|of| of == name), "the help text of `{help:?}` stands above `{name}`");
    let samples = rest.iter().take_while(|line| matches!(line, Line::Sample(_))).count();
    assert!(samples > 0, "`{name}` has no samples");
    (name, kind, &rest[..samples], &rest[samples..])
}

fn sample(line: &Line) -> &Sample {
    let Line::Sample(sample) = line else { unreachable!("a block has samples only") };
    sample
}

/// The names that the samples of a family may have.
#[must_use]
pub fn sample_names(name: &str, kind: &str) -> HashSet<String> {
    let suffixes: &[&str] = match kind {
        "histogram" => &["_bucket", "_sum", "_count"],
        "summary" => &["", "_sum", "_count"],
        _ => &[""],
    };
    suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
}

/// The names that no other family may have: its own and its samples'.
#[must_use]
pub fn claimed_names(name: &str, kind: &str) -> HashSet<String> {
    let mut names = sample_names(name, kind);
    names.insert(name.to_owned());
    names
}
