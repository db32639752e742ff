//! Handles of the wrong type, and what is no handle at all.
use tachometer::{Counter, Family, Histogram, Outcome, UpDownCounter, counted, timed, track_errors, tracked};

struct Service {
    time: Histogram,
    calls: Counter,
    active: UpDownCounter,
    outcomes: Family<Outcome, Counter>,
    text: String,
}

impl Service {
    #[timed(self.calls)]
    fn times_in_a_counter(&self) {}

    #[counted(self.time)]
    fn counts_in_a_histogram(&self) {}

    #[tracked(self.calls)]
    fn tracks_in_a_counter(&self) {}

    #[timed(self.text)]
    fn times_in_a_string(&self) {}

    #[timed(self.outcomes)]
    fn times_in_a_family(&self) {}

    #[timed(self.outcomes, outcome)]
    fn times_in_a_family_of_counters(&self) -> Result<(), String> {
        Ok(())
    }

    #[counted(self.active, outcome)]
    fn counts_outcomes_in_a_handle(&self) -> Result<(), String> {
        Ok(())
    }

    #[track_errors(self.outcomes)]
    fn tracks_errors_in_another_family(&self) -> Result<(), String> {
        Ok(())
    }

    #[timed("request_duration", size = 1.5)]
    fn labels_by_a_float(&self) {}
}

fn main() {}
