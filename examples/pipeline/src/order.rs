//! The check that nothing is missing and nothing has changed places.

use anyhow::{Context, Result, bail};

use crate::stream::Record;

/// What the next record of a shard must look like.
#[derive(Debug)]
pub(crate) struct Order {
    next_sequence: u64,
    /// The lowest ordinal each producer may come with. Its records of one key all go through the same shards, so
    /// rising ordinals mean that no two of them changed places.
    next_ordinals: Vec<u64>,
}

impl Order {
    /// Of the first shard records of `producers` producers go through.
    pub(crate) fn new(producers: usize) -> Self {
        Self { next_sequence: 0, next_ordinals: vec![0; producers] }
    }

    /// Of a shard that follows on this one: its sequence begins anew, its producers do not.
    pub(crate) fn of_next_shard(&self) -> Self {
        Self { next_sequence: 0, next_ordinals: self.next_ordinals.clone() }
    }

    /// Sequence number of the next record.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Takes the next record, if that is what it is.
    pub(crate) fn check(&mut self, record: &Record<'_>) -> Result<()> {
        if record.sequence != self.next_sequence {
            bail!("record {} was read where {} was expected", record.sequence, self.next_sequence);
        }
        let origin = record.origin;
        let next =
            self.next_ordinals.get_mut(usize::from(origin.producer)).context("a record of no producer")?;
        if origin.ordinal < *next {
            bail!(
                "records of producer {} changed places: {} after {}",
                origin.producer,
                origin.ordinal,
                *next - 1
            );
        }
        *next = origin.ordinal + 1;
        self.next_sequence += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Origin;

    fn record(sequence: u64, producer: u16, ordinal: u64) -> Record<'static> {
        Record { sequence, appended_us: 0, origin: Origin { producer, ordinal }, payload: b"" }
    }

    #[test]
    fn ordinals_may_skip_but_not_go_back_also_not_in_the_next_shard() {
        let mut order = Order::new(2);
        for (sequence, producer, ordinal) in [(0, 0, 3), (1, 1, 0), (2, 0, 7)] {
            order.check(&record(sequence, producer, ordinal)).unwrap();
        }
        assert_eq!(order.next_sequence(), 3);
        let error = order.check(&record(3, 0, 6)).unwrap_err().to_string();
        assert_eq!(error, "records of producer 0 changed places: 6 after 7");

        let mut next = order.of_next_shard();
        assert!(next.check(&record(0, 0, 7)).is_err());
        next.check(&record(0, 0, 8)).unwrap();
        next.check(&record(1, 1, 1)).unwrap();
    }

    #[test]
    fn a_gap_and_an_unknown_producer_are_noticed() {
        let mut order = Order::new(1);
        let error = order.check(&record(1, 0, 0)).unwrap_err().to_string();
        assert_eq!(error, "record 1 was read where 0 was expected");
        assert!(order.check(&record(0, 1, 0)).is_err());
    }
}
