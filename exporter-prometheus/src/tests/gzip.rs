//! What is sent compressed is the text.

use std::io::Read;

use flate2::read::GzDecoder;
use proptest::collection::vec;
use proptest::prelude::*;
use tachometer::Registry;

use super::strategies::snapshots;
use crate::image::Image;
use crate::{Body, Coding, Exporter, Format};

/// The text of the first gzip member, and how many bytes follow it.
fn inflate(compressed: &[u8]) -> std::io::Result<(String, usize)> {
    let mut decoder = GzDecoder::new(compressed);
    let mut text = String::new();
    decoder.read_to_string(&mut text)?;
    Ok((text, decoder.into_inner().len()))
}

fn sent(body: &Body, coding: Coding) -> Vec<u8> {
    body.frames(coding).concat()
}

proptest! {
    #[test]
    fn a_compressed_exposition_is_one_member_with_the_text(snapshots in vec(snapshots(), 0..4)) {
        let mut image = Image::new(snapshots.clone(), Format::OPEN_METRICS);
        let later: Vec<_> = snapshots.iter().map(|snapshot| snapshot.since(snapshot)).collect();
        for now in [later, snapshots] {
            let text = image.body().to_text();
            prop_assert_eq!(inflate(&sent(image.body(), Coding::Gzip)).ok(), Some((text.clone(), 0)));
            prop_assert_eq!(sent(image.body(), Coding::Identity), text.into_bytes());
            image = image.update(now);
        }
    }
}

#[test]
fn chunks_without_a_change_are_not_compressed_again() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::builder().self_metrics(false).build()?;
    let family = registry.counter_family("sent_total", "Sent.", ["n"])?;
    let counters: Vec<_> =
        (0..100).map(|n| family.with([("n", &*n.to_string())])).collect::<Result<_, _>>()?;
    let exporter = Exporter::new(&registry);
    let frames = || exporter.render_body().frames(Coding::Gzip);

    let before = frames();
    assert!(before.len() > 10, "{} frames", before.len());
    counters[50].inc();
    let after = frames();
    let changed =
        before.iter().zip(&after).skip(1).filter(|(before, after)| before.as_ptr() != after.as_ptr());
    assert_eq!(changed.count(), 2, "the chunk with the series, and the checksum at the end");
    Ok(())
}

#[test]
fn an_exposition_of_nothing_can_be_compressed() -> std::io::Result<()> {
    assert_eq!(inflate(&sent(&Body::default(), Coding::Gzip))?, (String::new(), 0));
    Ok(())
}
