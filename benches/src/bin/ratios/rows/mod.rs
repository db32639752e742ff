//! The rows of the table.

mod collector;
mod counter;
mod counter_peers;
mod family;
mod histogram;
mod named;
mod operation;
mod scrape;
mod system;
mod timer;

use tachometer_benches::{Reading, Side, counted};

use crate::target::Target;

/// What a row without the engine is for.
const LIMIT: &str = "no row of the engine but what this machine allows: in the engine's place, cells of the thread's \
    own that are found without a look-up and promise a reader nothing";

/// A comparison of two sides.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: Runner,
    pub(crate) other: Runner,
    pub(crate) target: Target,
    /// What does not compare, or how to read the figure.
    pub(crate) note: &'static str,
}

/// What one side of a row does in its turns.
pub(crate) enum Runner {
    /// Operations on so many threads at once. The figure is nanoseconds for an operation of one thread.
    Operations { threads: usize, side: MakeSide },
    /// Anything else that is a number greater than 0, in the unit that the row's name or target gives.
    Reading(Reading),
}

/// Makes a side when its row is measured. All at once they would have more cells than a thread finds at the first look,
/// and the last of them would be measured as the metrics of a program with tens of thousands.
pub(crate) type MakeSide = Box<dyn Fn() -> Side>;

/// How much the rows about many series have of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Shows that everything runs.
    Small,
    Full,
}

/// Every row, in the order of the table.
pub(crate) fn all(size: Size) -> Vec<Row> {
    let mut rows = counter::rows();
    rows.extend(counter_peers::rows());
    rows.extend(histogram::rows());
    rows.extend(timer::rows());
    rows.extend(operation::rows());
    rows.extend(family::rows());
    rows.extend(named::rows());
    rows.extend(collector::rows());
    rows.extend(scrape::rows(size));
    rows.extend(system::rows(size));
    rows
}

/// A row whose sides run on the same number of threads.
fn row(
    name: &str,
    threads: usize,
    ours: impl Fn() -> Side + 'static,
    other: impl Fn() -> Side + 'static,
    target: Target,
    note: &'static str,
) -> Row {
    let name = format!("{name}, {}", counted(threads));
    let (ours, other) = (operations(threads, ours), operations(threads, other));
    Row { name, ours, other, target, note }
}

fn operations(threads: usize, side: impl Fn() -> Side + 'static) -> Runner {
    Runner::Operations { threads, side: Box::new(side) }
}
