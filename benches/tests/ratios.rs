//! Runs the program as a user does.

use std::{fs, process::Command};

/// The lines of a table that is measured as quickly as can be.
fn table(more: &[&str]) -> Vec<Vec<String>> {
    let program = env!("CARGO_BIN_EXE_ratios");
    let output =
        Command::new(program).args(["--quick", "--rounds", "1"]).args(more).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().skip(1).filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn every_row_is_measured_on_both_sides_and_has_a_verdict() {
    let rows = table(&[]);
    assert!(rows.len() > 100, "{} rows", rows.len());
    for row in rows {
        let [name, ours, other, _, _, verdict, ..] = &row[..] else { panic!("{row:?}") };
        assert!(["ok", "short"].contains(&&**verdict), "{row:?}");
        let figures = [ours, other].map(|figure| figure.parse::<f64>().expect("a number"));
        // A series may fit in what the process has of memory already.
        let least = if name.starts_with("bytes") { 0.0 } else { f64::MIN_POSITIVE };
        assert!(figures.iter().all(|figure| *figure >= least), "{row:?}");
    }
}

#[test]
fn pictures_are_drawn_where_they_are_asked_for() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let rows = table(&["--filter", "no such row", "--plots", &directory.path().to_string_lossy()]);
    assert!(rows.is_empty());
    for file in ["counter.svg", "histogram.svg", "scrape.svg"] {
        let picture = fs::read_to_string(directory.path().join(file)).expect(file);
        assert!(picture.starts_with("<svg") && picture.contains("tachometer"), "{file}");
    }
}
