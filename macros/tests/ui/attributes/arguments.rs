//! Arguments that are missing, misspelt, twice there or in the wrong form.
use tachometer::{Family, Histogram, Outcome, counted, timed, track_errors, tracked};

struct Service {
    time: Histogram,
    outcomes: Family<Outcome, Histogram>,
}

impl Service {
    #[timed]
    fn nothing_given(&self) {}

    #[counted()]
    fn nothing_in_parentheses(&self) {}

    #[tracked(crate = tachometer)]
    fn nothing_but_the_crate(&self) {}

    #[timed(endpoint = "/query")]
    fn labels_without_a_name(&self) {}

    #[timed(self.outcomes, outcom)]
    fn misspelt(&self) -> Result<(), String> {
        Ok(())
    }

    #[tracked(self.time, outcome)]
    fn outcome_of_what_has_none(&self) -> Result<(), String> {
        Ok(())
    }

    #[timed(self.outcomes, outcome, outcome)]
    fn outcome_twice(&self) -> Result<(), String> {
        Ok(())
    }

    #[timed(self.time, endpoint = "/query")]
    fn labels_of_a_handle(&self) {}

    #[timed("request_duration", endpoint)]
    fn label_without_a_value(&self, endpoint: &str) {}

    #[timed("request_duration", outcome)]
    fn outcome_by_name(&self) -> Result<(), String> {
        Ok(())
    }

    #[track_errors(self.time, crate = tachometer, crate = tachometer)]
    fn crate_twice(&self) -> Result<(), String> {
        Ok(())
    }

    #[timed(self.time; outcome)]
    fn no_list(&self) {}
}

fn main() {}
