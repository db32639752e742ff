//! What the system tells of itself and of the calling thread: on Linux all of it, elsewhere nothing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub use linux::{load, processor, resident_bytes, switches};
#[cfg(not(target_os = "linux"))]
pub use other::{load, processor, resident_bytes, switches};
