//! Functions that do not tell whether they went well.
use tachometer::{Counter, Family, Outcome, counted, track_errors};

struct Service {
    outcomes: Family<Outcome, Counter>,
    errors: Family<tachometer::ErrorName, Counter>,
}

impl Service {
    #[counted(self.outcomes, outcome)]
    fn returns_nothing(&self) {}

    #[counted(self.outcomes, outcome)]
    fn returns_a_number(&self) -> u64 {
        7
    }

    #[counted(self.outcomes, outcome)]
    async fn awaits_a_number(&self) -> u64 {
        7
    }

    #[track_errors(self.errors)]
    fn has_no_errors(&self) {}

    #[track_errors(self.errors)]
    fn has_no_error(&self) -> Option<u64> {
        None
    }

    #[track_errors(endpoint = "/query")]
    fn has_no_error_by_name(&self) -> Option<u64> {
        None
    }

    #[track_errors(endpoint = "/query")]
    async fn awaits_no_error(&self) -> Option<u64> {
        None
    }
}

fn main() {}
