//! Families made by hand, rendered and read again: nothing is lost, changed or added; and what an exporter keeps between
//! two renders changes nothing.
//!
//! A script has families as in [`families`](crate::families). After a line `then` come the families that a collector
//! gives from the next scrape on.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tachometer::{Registry, Snapshot};
use tachometer_prometheus::{Exporter, Format, encode, encode_to};

use crate::{
    expected, exposition,
    families::{self, Family},
    script, structure,
    threads::until_alone,
};

/// Runs a script. Gives the expositions that were made.
///
/// # Panics
///
/// When something is not as it must be.
#[must_use]
pub fn run(script: &[u8]) -> Vec<String> {
    let script = String::from_utf8_lossy(script);
    let mut turns: Vec<Vec<Family>> = vec![Vec::new()];
    for line in script::lines(&script) {
        let last = turns.len() - 1;
        if !families::read(&mut turns[last], &line) && line.word() == "then" {
            turns.push(Vec::new());
        }
    }
    let mut texts: Vec<String> = turns.iter().filter_map(|families| round_trip(families)).collect();
    if turns.len() > 1 {
        texts.extend(until_alone(|| render_in_turn(&turns)));
    }
    texts
}

/// Makes a snapshot, renders it, reads it again.
fn round_trip(families: &[Family]) -> Option<String> {
    let snapshot =
        families.iter().fold(Snapshot::builder(), |all, family| all.family(family.build())).build();
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let text = encode(&snapshot);
    let lines = exposition::read(&text);
    structure::check(&lines);
    expected::check(&snapshot, &lines);

    let mut written = Vec::new();
    encode_to(&snapshot, Format::TEXT, &mut written).expect("a vector takes everything");
    assert_eq!(String::from_utf8(written).as_ref(), Ok(&text));
    Some(text)
}

/// Has a collector give one set of families after the other, and an exporter render each twice.
fn render_in_turn(turns: &[Vec<Family>]) -> Vec<String> {
    // A busy machine is no reason to miss a callback.
    let registry = Registry::builder().self_metrics(false).callback_timeout(Duration::from_secs(3_600));
    let registry = registry.build().expect("nothing is wrong with the options");
    let current = Arc::new(Mutex::new(Vec::<Family>::new()));
    let asked = Arc::clone(&current);
    let collector = registry.collector("families", move |out| {
        asked.lock().expect("nothing panics").iter().for_each(|family| out.family(family.build()));
    });
    collector.expect("the first of its name");
    let exporter = Exporter::new(&registry);
    let render = |families: &Vec<Family>| {
        current.lock().expect("nothing panics").clone_from(families);
        let kept = exporter.render();
        let snapshot = registry.snapshot();
        assert_eq!(kept, encode(&snapshot), "what was kept has changed the text");
        assert_eq!(kept, exporter.render(), "rendering again has changed the text");
        let lines = exposition::read(&kept);
        structure::check(&lines);
        expected::check(&snapshot, &lines);
        kept
    };
    turns.iter().map(render).collect()
}
