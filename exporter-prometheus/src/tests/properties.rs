//! The properties themselves.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tachometer::{FamilyView, MetricKind, Number, SeriesView, Snapshot, Value};

use super::collected::collect;
use super::parse::{Family, Sample, parse};
use super::strategies::{plain_snapshots, snapshots};
use crate::encode::encode_all;
use crate::image::Image;
use crate::{Escaping, Format, encode, encode_as, encode_to};

fn formats() -> impl Strategy<Value = Format> {
    select(all_formats().collect::<Vec<_>>())
}

fn all_formats() -> impl Iterator<Item = Format> {
    use Escaping as E;
    let escapings = [E::Underscores, E::Dots, E::Values, E::AllowUtf8];
    let formats = [Format::TEXT, Format::OPEN_METRICS];
    formats.into_iter().flat_map(move |format| escapings.map(|escaping| format.with_escaping(escaping)))
}

proptest! {
    #[test]
    fn whatever_is_in_a_snapshot_parses(snapshot in snapshots()) {
        all_formats().for_each(|format| collect(&encode_as(&snapshot, format), format.content_type()));
        let text = encode(&snapshot);
        prop_assert!(parse(&text).is_ok(), "{:?} in\n{text}", parse(&text));
    }

    #[test]
    fn several_snapshots_parse_as_one(snapshots in vec(snapshots(), 0..4), format in formats()) {
        collect(&encode_all(&snapshots, format), format.content_type());
        let text = encode_all(&snapshots, Format::TEXT);
        prop_assert!(parse(&text).is_ok(), "{:?} in\n{text}", parse(&text));
    }

    #[test]
    fn plain_snapshots_survive_a_round_trip(snapshot in plain_snapshots()) {
        let expected: Vec<Family> = snapshot.families().filter_map(expected_family).collect();
        prop_assert_eq!(parse(&encode(&snapshot)), Ok(expected));
    }

    #[test]
    fn an_image_changes_nothing(snapshots in vec(snapshots(), 0..4), format in formats()) {
        let image = Image::new(snapshots.clone(), format);
        prop_assert_eq!(text(&image), encode_all(&snapshots, format));
        let image = image.update(snapshots.clone());
        prop_assert_eq!(text(&image), encode_all(&snapshots, format));

        // The same schemas with other values: the counters begin again.
        let later: Vec<Snapshot> = snapshots.iter().map(|snapshot| snapshot.since(snapshot)).collect();
        let image = image.update(later.clone());
        prop_assert_eq!(text(&image), encode_all(&later, format));
        collect(&text(&image), format.content_type());
        let image = image.update(snapshots.clone());
        prop_assert_eq!(text(&image), encode_all(&snapshots, format));
    }

    #[test]
    fn an_image_of_other_schemas_changes_nothing(before in vec(snapshots(), 0..3), now in vec(snapshots(), 0..3), format in formats()) {
        let image = Image::new(before, format).update(now.clone());
        prop_assert_eq!(text(&image), encode_all(&now, format));
    }

    #[test]
    fn writing_in_pieces_changes_nothing(snapshot in snapshots()) {
        let mut written = Vec::new();
        prop_assert!(encode_to(&snapshot, Format::TEXT, &mut written).is_ok());
        prop_assert_eq!(written, encode(&snapshot).into_bytes());
    }
}

fn text(image: &Image) -> String {
    image.body().to_text()
}

/// What the parser should find, by the description of the format, for a family that needs no escapes.
fn expected_family(family: FamilyView<'_>) -> Option<Family> {
    let is_info = family.kind() == MetricKind::Info;
    let name = format!("{}{}", family.name(), if is_info { "_info" } else { "" });
    let kind = match family.kind() {
        MetricKind::Info | MetricKind::StateSet => "gauge",
        MetricKind::Unknown => "untyped",
        kind => kind.as_str(),
    };
    let samples: Vec<Sample> = family.series().flat_map(|series| expected_samples(&name, series)).collect();
    let help = family.help().map(str::to_owned);
    (!samples.is_empty()).then(|| Family { name, help, kind: kind.to_owned(), samples })
}

fn expected_samples(name: &str, series: SeriesView<'_>) -> Vec<Sample> {
    let sample = |suffix: &str, added: Option<(&str, String)>, value: String| Sample {
        name: format!("{name}{suffix}"),
        labels: series
            .labels()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(added.map(|(name, value)| (name.to_owned(), value)))
            .collect(),
        value,
        timestamp_ms: series.timestamp_ms().filter(|time| *time >= 0),
    };
    let mut samples = match series.value() {
        Value::Number(Number::U64(value)) => vec![sample("", None, value.to_string())],
        Value::Number(Number::I64(value)) => vec![sample("", None, value.to_string())],
        Value::Number(Number::F64(value)) => vec![sample("", None, spell(value))],
        Value::Histogram(histogram) => histogram
            .cumulative()
            .map(|(bound, count)| sample("_bucket", Some(("le", spell(bound))), count.to_string()))
            .chain([
                sample("_sum", None, spell(histogram.sum())),
                sample("_count", None, histogram.count().to_string()),
            ])
            .collect(),
        Value::Summary(summary) => summary
            .quantiles()
            .map(|(quantile, value)| sample("", Some(("quantile", spell(quantile))), spell(value)))
            .chain([
                sample("_sum", None, spell(summary.sum())),
                sample("_count", None, summary.count().to_string()),
            ])
            .collect(),
        Value::StateSet(states) => states
            .states()
            .map(|(state, on)| {
                sample("", Some((&name.replace(':', "_"), state.to_owned())), u8::from(on).to_string())
            })
            .collect(),
        _ => vec![sample("", None, "1".to_owned())],
    };
    keep_the_first_of_each(&mut samples);
    samples
}

/// A quantile or state that is there twice is exposed once.
fn keep_the_first_of_each(samples: &mut Vec<Sample>) {
    let mut kept: Vec<Sample> = Vec::new();
    for sample in samples.drain(..) {
        if !kept.iter().any(|other| other.name == sample.name && other.labels == sample.labels) {
            kept.push(sample);
        }
    }
    *samples = kept;
}

/// The spelling of a float, by way of the standard library: shortest digits, exponent from 1e16 and below 1e-5.
fn spell(value: f64) -> String {
    let magnitude = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) {
        value.to_string()
    } else {
        let text = format!("{value:e}");
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    }
}
