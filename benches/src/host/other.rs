//! Nothing is asked where the answers would differ from system to system.

/// How often the calling thread was switched out although it had work to do.
#[must_use]
pub fn switches() -> Option<u64> {
    None
}

/// The processes that were ready to run in the last minute, on average.
#[must_use]
pub fn load() -> Option<f32> {
    None
}

/// What the process has of physical memory.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    None
}

/// The processor's name, family, model and stepping.
#[must_use]
pub fn processor() -> Option<String> {
    None
}
