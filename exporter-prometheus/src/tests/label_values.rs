//! Whatever a label value is, the text gives it back, and so two values are never one.

use std::collections::HashSet;

use proptest::collection::hash_set;
use proptest::prelude::*;
use tachometer::Registry;

use super::collected::collect;
use super::parse::{parse, unescape};
use crate::escape::push_label_value;
use crate::{CONTENT_TYPE_TEXT, encode};

/// What is escaped, what it is escaped to, and nothing else: the texts that could be taken for one another.
const CHARACTERS: [char; 4] = ['\\', '"', '\n', 'n'];
const LONGEST: u32 = 10;

/// The text with this number, when all those of its length are numbered.
fn text_of(mut number: u32, length: u32) -> String {
    let mut text = String::new();
    for _ in 0..length {
        text.push(CHARACTERS[number as usize % CHARACTERS.len()]);
        number /= CHARACTERS.len() as u32;
    }
    text
}

#[test]
fn each_of_a_million_values_of_escaped_characters_is_read_as_it_was() {
    let mut values = 0;
    let mut escaped = String::new();
    for length in 0..=LONGEST {
        for number in 0..4_u32.pow(length) {
            let value = text_of(number, length);
            escaped.clear();
            push_label_value(&mut escaped, &value);
            assert_eq!(unescape(&escaped, true).as_deref(), Some(&*value));
            assert!(!escaped.contains('\n'), "{value:?} ends the line");
            values += 1;
        }
    }
    assert_eq!(values, 1_398_101);
}

fn values() -> impl Strategy<Value = HashSet<String>> {
    let value = prop_oneof![r#"[\\"\nn,{}= é]{0,12}"#, any::<String>()];
    hash_set(value, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn distinct_values_are_distinct_series_and_nothing_more(values in values()) {
        let registry = Registry::builder().self_metrics(false).build().unwrap();
        let family = registry.counter_family("sent_total", "", ["stream"]).unwrap();
        for value in &values {
            family.with([("stream", &**value)]).unwrap().inc();
        }
        let text = encode(&registry.snapshot());
        collect(&text, CONTENT_TYPE_TEXT);
        let families = parse(&text).unwrap();
        prop_assert_eq!(families.len(), 1);
        let samples = &families[0].samples;
        prop_assert!(samples.iter().all(|sample| sample.value == "1"));
        // A label that is empty is as good as none.
        let read: HashSet<String> = samples
            .iter()
            .map(|sample| sample.labels.first().map_or(String::new(), |(_, value)| value.clone()))
            .collect();
        prop_assert_eq!(samples.len(), values.len());
        prop_assert_eq!(read, values);
    }
}
