//! Collects the expositions that tests make, for `ci/acceptance.sh`, which has other programs read them.
//!
//! The variable names a directory. Each distinct text becomes a file there, called by a hash of it and by its format.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

const VARIABLE: &str = "TACHOMETER_EXPOSITIONS";
/// The most that one program of tests makes, so that all can be read in a minute.
const MOST: usize = 3_000;

static MADE: AtomicUsize = AtomicUsize::new(0);

/// Takes an exposition, and what `Content-Type` says of it.
pub(crate) fn collect(text: &str, content_type: &str) {
    let Some(directory) = env::var_os(VARIABLE) else { return };
    let format = if content_type.starts_with("text/") { "text" } else { "openmetrics" };
    let names = if content_type.contains("allow-utf-8") { "utf8" } else { "legacy" };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let path = Path::new(&directory).join(format!("{:016x}.{names}.{format}", hasher.finish()));
    if !path.exists() && MADE.fetch_add(1, Ordering::Relaxed) < MOST {
        fs::write(&path, text).expect("the directory that TACHOMETER_EXPOSITIONS names can be written");
    }
}
