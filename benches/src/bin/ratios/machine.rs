//! Where the figures come from: processor, compiler, versions.

use std::{fs, thread};

/// The lock file says which versions were compiled in.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// The crates whose versions matter to a figure.
const CRATES: [&str; 4] = ["tachometer", "prometheus", "hdrhistogram", "quanta"];

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
            cpu: cpu().unwrap_or_else(unknown),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            compiler: env!("BENCH_RUSTC_VERSION"),
            versions: CRATES.map(|name| (name, locked(LOCK, name).unwrap_or_else(unknown))).into(),
            load: load(),
        }
    }
}

/// The average load of the last minute, where Linux tells it. More than the threads measured were busy if it is above
/// them.
pub(crate) fn load() -> String {
    let averages = fs::read_to_string("/proc/loadavg").ok();
    averages.and_then(|text| text.split(' ').next().map(str::to_owned)).unwrap_or_else(unknown)
}

/// The processor's name, family, model and stepping: under a hypervisor the name alone may say little.
fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let part = |name| field(name).unwrap_or_else(unknown);
    Some(format!(
        "{} (family {}, model {}, stepping {})",
        field("model name")?,
        part("cpu family"),
        part("model"),
        part("stepping")
    ))
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The version of a package in a lock file.
fn locked(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_owned)
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
}
