//! Linux tells it in `/proc`.

use procfs::{
    CpuInfo, Current, FromRead, LoadAverage,
    process::{StatM, Status},
};

/// How often the calling thread was switched out although it had work to do.
#[must_use]
pub fn switches() -> Option<u64> {
    // The crate's own way to a thread needs its number, which the standard library does not tell.
    Status::from_file("/proc/thread-self/status").ok()?.nonvoluntary_ctxt_switches
}

/// The processes that were ready to run in the last minute, on average.
#[must_use]
pub fn load() -> Option<f32> {
    LoadAverage::current().ok().map(|load| load.one)
}

/// What the process has of physical memory.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let pages = StatM::from_file("/proc/self/statm").ok()?.resident;
    Some(pages * procfs::page_size())
}

/// The processor's name, family, model and stepping: under a hypervisor the name alone may say little.
#[must_use]
pub fn processor() -> Option<String> {
    let cpus = CpuInfo::current().ok()?;
    let part = |name| cpus.get_field(0, name).unwrap_or("unknown");
    Some(format!(
        "{} (family {}, model {}, stepping {})",
        cpus.model_name(0)?,
        part("cpu family"),
        part("model"),
        part("stepping")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_of_the_thread_and_of_the_load() {
        assert!(switches().is_some());
        assert!(load().is_some_and(|load| load >= 0.0));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_processor_has_a_name_a_family_a_model_and_a_stepping() {
        let processor = processor().expect("x86-64 has a model name");
        assert!(processor.contains("(family "), "{processor}");
        assert!(!processor.contains("unknown"), "{processor}");
    }
}
