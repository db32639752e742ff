//! Limits of a shard, and the token bucket that enforces a rate.

use std::time::Instant;

/// What one shard takes and how much of it may lie on disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Records a second that a shard accepts.
    pub(crate) writes_per_second: f64,
    /// Read calls a second that a shard answers.
    pub(crate) reads_per_second: f64,
    /// Bytes of one shard's segments on disk above which it accepts nothing: the consumer is too far behind.
    pub(crate) backlog_bytes: u64,
    /// A segment that has reached this many bytes is followed by a new one.
    pub(crate) segment_bytes: u64,
}

impl Limits {
    /// The given write limit, and the usual values for the rest: at most 32 MiB a shard on disk.
    pub(crate) fn with_writes_per_second(writes_per_second: f64) -> Self {
        Self { writes_per_second, reads_per_second: 50.0, backlog_bytes: 32 << 20, segment_bytes: 4 << 20 }
    }

    /// No write limit, with the disk still bounded. Reads are limited, so that a consumer takes a few large ones
    /// instead of one for every put.
    pub(crate) fn unlimited_writes() -> Self {
        Self { reads_per_second: 200.0, ..Self::with_writes_per_second(f64::INFINITY) }
    }
}

/// Lets a rate through on average, and the fifth part of a second's worth at once.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    per_second: f64,
    level: f64,
    filled: Instant,
}

impl TokenBucket {
    pub(crate) fn new(per_second: f64, now: Instant) -> Self {
        Self { per_second, level: Self::burst(per_second), filled: now }
    }

    /// Takes `amount`, or refuses while an earlier amount is not paid off. Going into debt for the last amount lets
    /// one larger than the burst pass too.
    pub(crate) fn take(&mut self, amount: f64, now: Instant) -> bool {
        if self.per_second.is_infinite() {
            return true;
        }
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.level = (self.level + elapsed * self.per_second).min(Self::burst(self.per_second));
        self.filled = now;
        let allowed = self.level > 0.0;
        if allowed {
            self.level -= amount;
        }
        allowed
    }

    fn burst(per_second: f64) -> f64 {
        (per_second / 5.0).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn over_ten_seconds_the_rate_is_what_was_asked_for() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1000.0, start);
        let mut taken = 0.0;
        for ms in 0..10_000 {
            while bucket.take(7.0, start + Duration::from_millis(ms)) {
                taken += 7.0;
            }
        }
        assert!((10_000.0..10_220.0).contains(&taken), "{taken}");
    }

    #[test]
    fn an_amount_above_the_burst_passes_and_is_paid_off_later() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10.0, start);
        assert!(bucket.take(50.0, start));
        assert!(!bucket.take(1.0, start + Duration::from_secs(4)));
        assert!(bucket.take(1.0, start + Duration::from_secs(5)));
    }

    #[test]
    fn no_limit_refuses_nothing() {
        let now = Instant::now();
        let mut bucket = TokenBucket::new(f64::INFINITY, now);
        assert!((0..1000).all(|_| bucket.take(1e12, now)));
    }
}
