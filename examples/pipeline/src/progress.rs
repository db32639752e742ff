//! The line that shows how the run goes, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tachometer::{Registry, Snapshot};

use crate::{
    readout::{gauge, quantiles, sent},
    report::human_time,
};

/// Draws on standard error; hidden when that is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    last: Option<(Instant, Snapshot)>,
}

impl Progress {
    pub(crate) fn start(run: Duration) -> Self {
        let bar = ProgressBar::new(run.as_millis() as u64);
        // The template is a constant; were it wrong, the default style would do.
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, started: Instant::now(), last: None }
    }

    /// Shows what happened since the last update, at most four times a second.
    pub(crate) fn update(&mut self, registry: &Registry) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(self.started.elapsed().as_millis() as u64);
        let now = Instant::now();
        if self.last.as_ref().is_some_and(|(then, _)| now - *then < Duration::from_millis(250)) {
            return;
        }
        let snapshot = registry.snapshot();
        if let Some((then, earlier)) = &self.last {
            self.bar.set_message(line(&snapshot, &snapshot.since(earlier), now - *then));
        }
        self.last = Some((now, snapshot));
    }

    /// Says what else is going on, until the next update.
    pub(crate) fn say(&mut self, what: &'static str) {
        self.bar.set_message(what);
        self.last = None;
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The rate and the flushes of the last `time`, in which `news` happened, and the lag at its end.
fn line(now: &Snapshot, news: &Snapshot, time: Duration) -> String {
    let rate = sent(news).records as f64 / time.as_secs_f64();
    let lag = gauge(now, "consumer_lag_records");
    let p99 = quantiles(news, "producer_flush_duration_seconds", [0.99]);
    format!(
        "{} records/s   lag {}   p99 flush {}",
        HumanCount(rate as u64),
        HumanCount(lag as u64),
        p99.map_or_else(|| "-".to_owned(), |[p99]| human_time(p99))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NAMESPACE, metrics::PipelineMetrics, stream::ShardId};

    #[test]
    fn the_line_shows_what_is_new_and_the_lag_as_it_is() {
        let registry = Registry::builder().namespace(NAMESPACE).build().unwrap();
        let metrics = PipelineMetrics::register(&registry, "s").unwrap();
        metrics.producer.records_sent_total.add(1_000_000);
        metrics.producer.flush_duration_seconds.observe_n(1.0, 1000);
        let before = registry.snapshot();

        metrics.producer.records_sent_total.add(3000);
        for shard in [0, 1] {
            metrics.consumer(ShardId(shard)).unwrap().shard.lag_records.set(600.0);
        }
        let now = registry.snapshot();
        let text = line(&now, &now.since(&before), Duration::from_millis(250));
        assert_eq!(text, "12,000 records/s   lag 1,200   p99 flush -");

        // All in the bucket from 0.8 to 1.6 ms, through which quantiles go in a straight line.
        metrics.producer.flush_duration_seconds.observe_n(0.001, 100);
        let later = registry.snapshot();
        let text = line(&later, &later.since(&now), Duration::from_millis(250));
        assert_eq!(text, "0 records/s   lag 1,200   p99 flush 1.6ms");
    }
}
