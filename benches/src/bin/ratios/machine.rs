//! Where the figures come from: processor, compiler, versions.

use std::thread;

use tachometer_benches::host;

/// The lock file says which versions were compiled in.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// The crates whose versions matter to a figure.
const CRATES: [&str; 9] = [
    "tachometer",
    "hdrhistogram",
    "measured",
    "metrics",
    "metrics-exporter-prometheus",
    "opentelemetry_sdk",
    "prometheus",
    "prometheus-client",
    "quanta",
];

/// The machine and what the program was made with.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) compiler: &'static str,
    pub(crate) versions: Vec<(&'static str, String)>,
    /// Processes that were ready to run at the start.
    pub(crate) load: String,
}

impl Machine {
    /// Asks the system. What it does not tell is "unknown".
    pub(crate) fn describe() -> Self {
        Self {
            cpu: host::processor().unwrap_or_else(unknown),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            compiler: env!("BENCH_RUSTC_VERSION"),
            versions: CRATES.map(|name| (name, locked(LOCK, name).unwrap_or_else(unknown))).into(),
            load: load(),
        }
    }
}

/// The average load of the last minute, where the system tells it. More than the threads measured were busy if it is
/// above them.
pub(crate) fn load() -> String {
    host::load().map_or_else(unknown, |load| format!("{load:.2}"))
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The versions of a package in a lock file: a peer may bring another one of what we use too.
fn locked(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    let mut versions = Vec::new();
    while lines.any(|line| line == name) {
        versions.push(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?);
    }
    (!versions.is_empty()).then(|| versions.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_every_version() {
        for (name, version) in Machine::describe().versions {
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{name} {version}");
        }
        assert_eq!(locked(LOCK, "no-such-package"), None);
    }

    #[test]
    fn all_versions_of_a_package_are_told() {
        let lock = "name = \"clock\"\nversion = \"1.0.0\"\n\nname = \"clock\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked(lock, "clock").as_deref(), Some("1.0.0 and 2.0.0"));
    }
}
