//! Waiting between attempts: twice as long each time, up to a limit.

use std::{thread, time::Duration};

/// The waits of one series of attempts.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Waits of `first` at the beginning and of `longest` in the end.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// Waits.
    pub(crate) fn wait(&mut self) {
        thread::sleep(self.advance());
    }

    fn advance(&mut self) -> Duration {
        let now = self.next.min(self.longest);
        self.next = now * 2;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let mut backoff = Backoff::new(Duration::from_micros(500), Duration::from_micros(1700));
        let waits = [backoff.advance(), backoff.advance(), backoff.advance(), backoff.advance()];
        assert_eq!(waits.map(|wait| wait.as_micros()), [500, 1000, 1700, 1700]);
    }
}
