//! A scheduler that lets a thread run for a while before it draws the next one.
//!
//! When each step is drawn, no thread stands still for long while others go far. Some faults need just that: a thread
//! that has read the head of a list must stop until others have taken two shards and put the first one back.

use shuttle::scheduler::{RandomScheduler, Schedule, Scheduler, Task, TaskId};

/// Most steps in a row. What a lease takes is less.
const LONGEST: u64 = 64;

/// Draws a thread, and for how many steps it goes on.
#[derive(Debug)]
pub(crate) struct BurstScheduler {
    drawn: RandomScheduler,
    left: u64,
}

impl BurstScheduler {
    /// Executions from this number on.
    pub(crate) fn new(number: u64, executions: usize) -> Self {
        Self { drawn: RandomScheduler::new_from_seed(number, executions), left: 0 }
    }
}

impl Scheduler for BurstScheduler {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.left = 0;
        self.drawn.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
        let goes_on = current.filter(|current| runnable.iter().any(|task| task.id() == *current));
        if goes_on.is_some() && self.left > 0 && !yields {
            self.left -= 1;
            return goes_on;
        }
        self.left = self.drawn.next_u64() % LONGEST;
        self.drawn.next_task(runnable, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.drawn.next_u64()
    }
}
