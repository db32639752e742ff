//! What many series take of memory, by the library that keeps them.
//!
//! Measured in a process of its own, which does nothing else: the growth of what is resident, as the system counts it,
//! from before the first series to after the last one. It includes what the allocator keeps for itself.

mod peers;
mod threads;

use std::{any::Any, env, fmt, io, process::Command, str::FromStr};

use tachometer::{Buckets, Registry};
use tachometer_prometheus::Exporter;

use crate::{Reading, SERIES_LABELS, bounds, host, series_labels};

/// Finite bounds of each histogram.
const BOUNDS: usize = 11;

/// What is to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footprint {
    /// Bytes for each of so many series.
    Series {
        /// Who keeps them.
        library: Library,
        /// What they are.
        kind: Kind,
        /// How many.
        series: usize,
    },
    /// Bytes for the cells of so many counters in a hundred families, when each of so many threads has recorded all
    /// of one family.
    Threads {
        /// How many counters.
        series: usize,
        /// How many threads.
        threads: usize,
    },
}

/// Who keeps the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// The engine, after a snapshot, which makes it keep what it knows of each series.
    Tachometer,
    /// The engine, of which no snapshot has been taken yet.
    Unscraped,
    /// The engine, after a scrape: the exporter keeps its text until the next.
    Exporter,
    /// `prometheus`.
    Prometheus,
    /// `prometheus_client`.
    PrometheusClient,
    /// `metrics` with metrics-exporter-prometheus.
    Metrics,
    /// `measured`, which keeps each label value once.
    Measured,
    /// `opentelemetry` with its SDK.
    OpenTelemetry,
}

/// What the series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Counters.
    Counter,
    /// Histograms with 11 bounds.
    Histogram,
}

impl Library {
    /// The engine in its three states, then the peers.
    pub const ALL: [Self; 8] = [
        Self::Tachometer,
        Self::Unscraped,
        Self::Exporter,
        Self::Prometheus,
        Self::PrometheusClient,
        Self::Metrics,
        Self::Measured,
        Self::OpenTelemetry,
    ];

    /// The name, as the table spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tachometer => "tachometer",
            Self::Unscraped => "tachometer-unscraped",
            Self::Exporter => "tachometer-exporter",
            Self::Prometheus => "prometheus",
            Self::PrometheusClient => "prometheus-client",
            Self::Metrics => "metrics-exporter-prometheus",
            Self::Measured => "measured",
            Self::OpenTelemetry => "opentelemetry",
        }
    }
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Counter, Self::Histogram];

    /// The name, as the table spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

impl Footprint {
    /// The bytes, measured in a process that the running program is started in again, with `--footprint`. Once: they
    /// are the same each time, to a page or two.
    #[must_use]
    pub fn reading(self) -> Reading {
        Reading::new(move || self.ask().expect("the program can be started again"), |bytes| *bytes)
    }

    fn ask(self) -> io::Result<f64> {
        let mut child = Command::new(env::current_exe()?);
        // To glibc: what was needed for a while, and is large, goes back to the system.
        child.env("MALLOC_MMAP_THRESHOLD_", "131072");
        let child = child.arg("--footprint").arg(self.to_string()).output()?;
        let answer = String::from_utf8_lossy(&child.stdout);
        answer
            .trim()
            .parse()
            .map_err(|_| io::Error::other(String::from_utf8_lossy(&child.stderr).into_owned()))
    }

    /// The bytes, measured in this process, which must not have done anything else.
    #[must_use]
    pub fn measure(self) -> f64 {
        match self {
            Self::Series { library, kind, series } => {
                // Each is recorded once, and no handle is kept.
                let before = host::resident_bytes().unwrap_or(0);
                let kept = build(library, kind, series);
                let after = host::resident_bytes().unwrap_or(0);
                // What it owns must not be freed before the second look.
                drop(kept);
                after.saturating_sub(before) as f64 / series as f64
            }
            Self::Threads { series, threads } => threads::shard_bytes(series, threads) as f64,
        }
    }
}

fn build(library: Library, kind: Kind, series: usize) -> Box<dyn Any> {
    match library {
        Library::Tachometer => {
            let registry = engine(kind, series);
            drop(registry.snapshot());
            Box::new(registry)
        }
        Library::Exporter => {
            let registry = engine(kind, series);
            let exporter = Exporter::new(&registry);
            drop(exporter.render());
            Box::new((registry, exporter))
        }
        Library::Unscraped => Box::new(engine(kind, series)),
        Library::Prometheus => peers::prometheus(kind, series),
        Library::PrometheusClient => peers::prometheus_client(kind, series),
        Library::Metrics => peers::metrics(kind, series),
        Library::Measured => peers::measured(kind, series),
        Library::OpenTelemetry => peers::opentelemetry(kind, series),
    }
}

fn engine(kind: Kind, series: usize) -> Registry {
    let registry = Registry::builder().max_series_per_family(series).build().expect("legal");
    match kind {
        Kind::Counter => crate::counters(&registry, series).iter().for_each(tachometer::Counter::inc),
        Kind::Histogram => {
            let buckets = Buckets::explicit(bounds(BOUNDS));
            let family = registry.histogram_family_with("latency_seconds", "", SERIES_LABELS, buckets);
            let family = family.expect("the name is new");
            for i in 0..series {
                let labels = series_labels(i);
                family
                    .with(labels.each_ref().map(|(name, value)| (*name, &**value)))
                    .expect("cells")
                    .observe(0.03);
            }
        }
    }
    registry
}

/// As the command line spells it: `prometheus:counter:100000`, `threads:100000:64`.
impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Series { library, kind, series } => {
                write!(f, "{}:{}:{series}", library.name(), kind.name())
            }
            Self::Threads { series, threads } => write!(f, "{THREADS}:{series}:{threads}"),
        }
    }
}

/// Stands in the place of a library.
const THREADS: &str = "threads";

impl FromStr for Footprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither library:kind:series nor {THREADS}:series:threads");
        let parts: Vec<&str> = text.split(':').collect();
        let [first, second, third] = parts[..] else { return Err(wrong()) };
        let number = |text: &str| text.parse().map_err(|_| wrong());
        if first == THREADS {
            return Ok(Self::Threads { series: number(second)?, threads: number(third)? });
        }
        Ok(Self::Series {
            library: Library::ALL.into_iter().find(|known| known.name() == first).ok_or_else(wrong)?,
            kind: Kind::ALL.into_iter().find(|known| known.name() == second).ok_or_else(wrong)?,
            series: number(third)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footprint_reads_back_from_the_command_line() {
        let threads = Footprint::Threads { series: 10, threads: 2 };
        assert_eq!(threads.to_string().parse(), Ok(threads));
        for library in Library::ALL {
            for kind in Kind::ALL {
                let footprint = Footprint::Series { library, kind, series: 10 };
                assert_eq!(footprint.to_string().parse(), Ok(footprint));
            }
        }
        for wrong in ["prometheus:counter", "prometheus:counter:many", "nobody:counter:1", "threads:1:2:3"] {
            assert!(wrong.parse::<Footprint>().is_err(), "{wrong}");
        }
    }
}
