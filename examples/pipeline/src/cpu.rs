//! Processor time of the whole process: what work costs, whoever else is using the machine.

use std::time::Duration;

/// Processor time of all threads so far, or `None` where the system does not tell.
#[cfg(unix)]
pub(crate) fn time() -> Option<Duration> {
    rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).try_into().ok()
}

/// Processor time of all threads so far, or `None` where the system does not tell.
#[cfg(not(unix))]
pub(crate) fn time() -> Option<Duration> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn work_takes_processor_time() {
        let before = super::time().unwrap();
        let mut sum = 0_u64;
        while super::time().unwrap() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(super::time().unwrap() > before);
    }
}
