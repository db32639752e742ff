//! The cost of metrics in words: one sentence, and how sure it is.

use std::fmt;

use indicatif::HumanCount;

use crate::{overhead::Cost, spread::Spread};

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Processor time is what the work costs; the time that passes depends on what else the machine does.
        let (title, spread) = match &self.processor {
            Some(spread) => ("processor time", spread),
            None => ("elapsed time", &self.time),
        };
        write!(f, "cost of metrics: {}", share(spread, title))?;
        if let Some(a_record) = self.a_record_ns.filter(|_| !spread.is_lost_in_noise()) {
            write!(f, ", {a_record:.1} ns a record")?;
        }
        let (pairs, records) = (self.pairs, HumanCount(self.records));
        write!(
            f,
            "\n  median of {pairs} pairs of {records} records with metrics and without; {}",
            spread.range()
        )?;
        if self.processor.is_some() {
            write!(f, "\n  for comparison: {}", share(&self.time, "elapsed time"))?;
        }
        Ok(())
    }
}

fn share(spread: &Spread, title: &str) -> String {
    if spread.is_lost_in_noise() {
        format!("lost in the noise of this machine, {:+.1} % of {title}", spread.median)
    } else {
        format!("{:.1} % of {title}", spread.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(processor: Option<[f64; 3]>, time: [f64; 3]) -> String {
        let cost = Cost {
            pairs: 3,
            records: 1000,
            time: Spread::of(time).unwrap(),
            processor: processor.and_then(Spread::of),
            a_record_ns: processor.map(|_| 12.3),
        };
        cost.to_string()
    }

    #[test]
    fn the_first_line_says_what_counts() {
        let text = cost(Some([1.05, 1.054, 1.06]), [0.9, 0.98, 1.1]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "cost of metrics: 5.4 % of processor time, 12.3 ns a record",
                "  median of 3 pairs of 1,000 records with metrics and without; half of the pairs lie in +5.2 .. +5.7 %",
                "  for comparison: lost in the noise of this machine, -2.0 % of elapsed time",
            ]
        );
    }

    #[test]
    fn a_result_that_is_noise_says_so_and_no_nanoseconds() {
        let text = cost(Some([0.9, 1.01, 1.1]), [1.0, 1.1, 1.2]);
        assert!(
            text.starts_with(
                "cost of metrics: lost in the noise of this machine, +1.0 % of processor time\n"
            )
        );
        assert!(!text.contains("ns a record"), "{text}");
    }

    #[test]
    fn without_processor_time_the_elapsed_time_counts() {
        let text = cost(None, [1.01, 1.02, 1.03]);
        assert!(text.starts_with("cost of metrics: 2.0 % of elapsed time\n"), "{text}");
        assert!(!text.contains("comparison"), "{text}");
    }
}
