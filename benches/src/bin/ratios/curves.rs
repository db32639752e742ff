//! What is drawn: operations by the number of threads, scrapes by the number of series.

use std::{fs, io, path::Path, thread};

use tachometer_benches::{
    Handles, Reading, Side,
    readings::render,
    sides::{
        counter, histogram,
        peers::{measured, metrics, opentelemetry, prometheus, prometheus_client},
    },
};

use crate::{
    measure::{Effort, Operations, median},
    plot::{Curve, Plot},
    rows::Size,
};

/// Points of the pictures about threads, as far as there are cores: where threads take turns on one, they do not meet.
const THREADS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Points of the picture about scrapes.
fn series(size: Size) -> [usize; 3] {
    match size {
        Size::Small => [1, 10, 100],
        Size::Full => [1_000, 10_000, 100_000],
    }
}

/// How often each point is measured.
const ROUNDS: u32 = 15;

/// Finite bounds of the histograms.
const BOUNDS: usize = 11;

/// Measures and draws all pictures, as files in `directory`.
pub(crate) fn draw(directory: &Path, effort: Effort, size: Size) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let effort = Effort { rounds: effort.rounds.min(ROUNDS), ..effort };
    for (file, plot) in [
        ("counter.svg", by_threads("A counter, one series for all threads", &counters(), effort)),
        (
            "histogram.svg",
            by_threads("A histogram of 11 bounds, one series for all threads", &histograms(), effort),
        ),
        ("scrape.svg", by_series(effort, size)),
    ] {
        plot.draw(&directory.join(file)).map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(())
}

/// Makes the sides. Each is made anew for each point, so that no thread meets the series of another point.
type Contenders = Vec<fn() -> Side>;

fn counters() -> Contenders {
    vec![
        || counter::tachometer(Handles::One),
        || prometheus::counter(Handles::One),
        || prometheus_client::counter(Handles::One),
        || metrics::counter(Handles::One),
        || measured::counter(Handles::One),
        || opentelemetry::counter(Handles::One),
    ]
}

fn histograms() -> Contenders {
    vec![
        || histogram::tachometer(Handles::One, BOUNDS),
        || prometheus::histogram(Handles::One, BOUNDS),
        || prometheus_client::histogram(Handles::One, BOUNDS),
        || metrics::histogram(Handles::One, BOUNDS),
        || measured::histogram(Handles::One),
        || opentelemetry::histogram(Handles::One, BOUNDS),
    ]
}

fn by_threads(title: &'static str, contenders: &Contenders, effort: Effort) -> Plot {
    let mut curves: Vec<Curve> =
        contenders.iter().map(|make| Curve { name: make().name(), points: Vec::new() }).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for threads in THREADS.into_iter().filter(|threads| *threads <= cores) {
        let turns: Vec<Operations> =
            contenders.iter().map(|make| Operations::new(threads, make(), effort.turn)).collect();
        let times = in_turns(effort.rounds, &turns, |turn| turn.take(&mut 0));
        curves.iter_mut().zip(times).for_each(|(curve, ns)| curve.points.push((threads as f64, ns)));
    }
    Plot { title, x: "threads", y: "ns an operation of one thread", curves }
}

fn by_series(effort: Effort, size: Size) -> Plot {
    type Make = fn(usize) -> Reading;
    let contenders: [(&'static str, Make); 4] = [
        ("tachometer", |series| render::tachometer(series, 1)),
        ("prometheus", render::prometheus),
        ("prometheus-client", render::prometheus_client),
        ("metrics-exporter-prometheus", render::metrics),
    ];
    let mut curves = contenders.map(|(name, _)| Curve { name, points: Vec::new() });
    for series in series(size) {
        let readings = contenders.map(|(_, make)| make(series));
        let times = in_turns(effort.rounds, &readings, Reading::take);
        let milliseconds = times.into_iter().map(|ns| ns * series as f64 / 1e6);
        curves.iter_mut().zip(milliseconds).for_each(|(curve, ms)| curve.points.push((series as f64, ms)));
    }
    let (title, x, y) = ("A scrape of counters with three labels", "series", "ms a scrape");
    Plot { title, x, y, curves: curves.into() }
}

/// The median of what each gives, when they take turns.
fn in_turns<T>(rounds: u32, all: &[T], take: impl Fn(&T) -> f64) -> Vec<f64> {
    let rounds: Vec<Vec<f64>> = (0..rounds).map(|_| all.iter().map(&take).collect()).collect();
    (0..all.len()).map(|i| median(rounds.iter().map(|round| round[i]))).collect()
}
