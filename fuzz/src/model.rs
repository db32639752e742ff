//! What the registered metrics must hold: a second account of every record, kept by hand.

use std::collections::BTreeMap;

use tachometer::Number;

use crate::{
    expected::is_spelled,
    exposition::{Line, Sample},
};

/// Names and values, sorted by name.
pub type Labels = Vec<(String, String)>;

/// The series by family and labels.
#[derive(Default)]
pub struct Model(BTreeMap<(String, Labels), Held>);

/// What a series holds.
#[derive(Clone, Debug)]
pub enum Held {
    Number(Number),
    Distribution { bounds: Vec<f64>, counts: Vec<u64>, sum: Sum },
}

/// The sum of a histogram.
#[derive(Clone, Copy, Debug)]
pub enum Sum {
    Float(f64),
    /// Wraps around.
    Integer(u64),
}

impl Held {
    /// A histogram without observations. The bucket up to +Inf is always there.
    #[must_use]
    pub fn distribution(bounds: &[f64], sum: Sum) -> Self {
        let bounds: Vec<f64> = bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
        Self::Distribution { counts: vec![0; bounds.len() + 1], bounds, sum }
    }

    /// Observes a float.
    pub fn observe(&mut self, value: f64) {
        if let Self::Distribution { bounds, counts, sum: Sum::Float(sum) } = self
            && value.is_finite()
        {
            counts[bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len())] += 1;
            *sum += value;
        }
    }

    /// Observes an integer. Compared is the float nearest to it: beyond 2⁵³ it is another number.
    pub fn observe_integer(&mut self, value: u64) {
        if let Self::Distribution { bounds, counts, sum: Sum::Integer(sum) } = self {
            counts[bounds.iter().position(|bound| value as f64 <= *bound).unwrap_or(bounds.len())] += 1;
            *sum = sum.wrapping_add(value);
        }
    }
}

impl Model {
    /// The series, which is `initial` if it is not there.
    pub fn series(&mut self, family: String, labels: Labels, initial: Held) -> &mut Held {
        self.0.entry((family, labels)).or_insert(initial)
    }

    /// Takes a series out, and says whether it was there.
    pub fn remove(&mut self, family: &str, labels: &Labels) -> bool {
        self.0.remove(&(family.to_owned(), labels.clone())).is_some()
    }

    /// Takes the series of a family out that have all of these labels.
    pub fn remove_family(&mut self, family: &str, common: &Labels) {
        self.0
            .retain(|(name, labels), _| name != family || !common.iter().all(|label| labels.contains(label)));
    }

    /// Checks that all series are in these lines, with what they hold.
    ///
    /// # Panics
    ///
    /// When one is not.
    pub fn check(&self, lines: &[Line]) {
        let samples = lines.iter().filter_map(|line| match line {
            Line::Sample(sample) => Some(((&*sample.name, &sample.labels), sample)),
            _ => None,
        });
        let samples: BTreeMap<(&str, &Labels), &Sample> = samples.collect();
        let assert_there = |name: &str, labels: &Labels, number: Number| {
            let line = samples.get(&(name, labels));
            let line = line.unwrap_or_else(|| panic!("`{name}{labels:?}` is missing, which is {number:?}"));
            assert!(is_spelled(number, &line.value), "`{name}{labels:?}` is {}, not {number:?}", line.value);
        };
        for ((family, labels), held) in &self.0 {
            match held {
                Held::Number(number) => assert_there(family, labels, *number),
                Held::Distribution { bounds, counts, sum } => {
                    let sum = match sum {
                        Sum::Float(sum) => *sum,
                        Sum::Integer(sum) => *sum as f64,
                    };
                    assert_there(&format!("{family}_sum"), labels, Number::F64(sum));
                    assert_there(&format!("{family}_count"), labels, Number::U64(counts.iter().sum()));
                    assert_eq!(self::counts(lines, family, labels), cumulative(counts), "buckets {bounds:?}");
                }
            }
        }
    }
}

/// The buckets of a histogram, in their order.
fn counts(lines: &[Line], family: &str, labels: &Labels) -> Vec<u64> {
    let bucket = format!("{family}_bucket");
    let is_own = |sample: &Sample| {
        sample.name == bucket && sample.labels.iter().filter(|(name, _)| name != "le").eq(labels)
    };
    let of = |line: &Line| match line {
        Line::Sample(sample) if is_own(sample) => Some(sample.value.parse().expect("a bucket is an integer")),
        _ => None,
    };
    lines.iter().filter_map(of).collect()
}

fn cumulative(counts: &[u64]) -> Vec<u64> {
    let mut upto = 0;
    counts.iter().map(|count| (upto += count, upto).1).collect()
}
