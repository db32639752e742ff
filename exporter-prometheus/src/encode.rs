//! Rendering a snapshot, and keeping nothing.

use std::convert::Infallible;
use std::io;
use std::slice;

use tachometer::{SeriesView, Snapshot};

use crate::chunk::CHUNK;
use crate::format::Format;
use crate::heading::Heading;
use crate::plan::Plan;
use crate::text::{Position, Sample, Sink, push_value, write};

/// Renders `snapshot` in the text format 0.0.4.
///
/// Every text is made anew, at some hundreds of nanoseconds a series; [`Exporter`](crate::Exporter) keeps the text
/// between scrapes, which is far cheaper.
///
/// A family without series has no lines. Names that the format cannot spell are escaped, and what would then repeat a
/// name or a series is left out, as the [crate documentation](crate#what-is-exposed) says.
///
/// ```
/// let registry = tachometer::Registry::new();
/// registry.counter("records_sent_total", "Records sent.")?.add(500);
/// let text = tachometer_prometheus::encode(&registry.snapshot());
/// let lines = [
///     "# HELP records_sent_total Records sent.",
///     "# TYPE records_sent_total counter",
///     "records_sent_total 500",
/// ];
/// assert!(text.contains(&lines.join("\n")));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn encode(snapshot: &Snapshot) -> String {
    encode_as(snapshot, Format::TEXT)
}

/// Renders `snapshot` in any format.
///
/// ```
/// use tachometer_prometheus::{Format, encode_as};
///
/// let registry = tachometer::Registry::new();
/// registry.counter("records_sent_total", "Records sent.")?.add(500);
/// let text = encode_as(&registry.snapshot(), Format::OPEN_METRICS);
/// assert!(text.contains("# TYPE records_sent counter\nrecords_sent_total 500\n"));
/// assert!(text.ends_with("# EOF\n"));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub fn encode_as(snapshot: &Snapshot, format: Format) -> String {
    encode_all(slice::from_ref(snapshot), format)
}

/// Renders `snapshots` as one exposition.
pub(crate) fn encode_all(snapshots: &[Snapshot], format: Format) -> String {
    encode_plan(&Plan::new(snapshots, format), snapshots)
}

/// Renders what `plan` exposes of `snapshots`.
pub(crate) fn encode_plan(plan: &Plan, snapshots: &[Snapshot]) -> String {
    let mut sink = Direct { out: String::new() };
    let Ok(()) = write(plan, snapshots, &mut sink);
    sink.out.push_str(plan.format().end());
    sink.out
}

/// Renders `snapshot` into `writer`, in pieces of about 64 KiB.
///
/// The same text as that of [`encode_as`], without holding all of it. `writer` needs no buffer of its own, and is flushed
/// at the end.
///
/// # Errors
///
/// The first error of `writer`, after which nothing more is written to it.
///
/// ```no_run
/// use tachometer_prometheus::Format;
///
/// # let registry = tachometer::Registry::new();
/// let file = std::fs::File::create("metrics.prom")?;
/// tachometer_prometheus::encode_to(&registry.snapshot(), Format::TEXT, file)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn encode_to(snapshot: &Snapshot, format: Format, writer: impl io::Write) -> io::Result<()> {
    let snapshots = slice::from_ref(snapshot);
    let mut sink = Stream { out: String::with_capacity(2 * CHUNK), writer };
    write(&Plan::new(snapshots, format), snapshots, &mut sink)?;
    sink.out.push_str(format.end());
    sink.pass_on()?;
    sink.writer.flush()
}

/// Gathers the whole text.
struct Direct {
    out: String,
}

impl Sink for Direct {
    type Error = Infallible;

    fn head(&mut self, _place: usize, text: &str) {
        self.out.push_str(text);
    }

    fn series(&mut self, _: Position, _: &Heading, _: SeriesView<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample<'_>) {
        text(&mut self.out);
        push_value(&mut self.out, sample);
    }
}

/// Passes the text on between two series, whenever there is a piece.
struct Stream<W> {
    out: String,
    writer: W,
}

impl<W: io::Write> Stream<W> {
    fn pass_on(&mut self) -> io::Result<()> {
        self.writer.write_all(self.out.as_bytes())?;
        self.out.clear();
        Ok(())
    }
}

impl<W: io::Write> Sink for Stream<W> {
    type Error = io::Error;

    fn head(&mut self, _place: usize, text: &str) {
        self.out.push_str(text);
    }

    fn series(&mut self, _: Position, _: &Heading, _: SeriesView<'_>) -> io::Result<()> {
        if self.out.len() >= CHUNK { self.pass_on() } else { Ok(()) }
    }

    fn sample(&mut self, text: impl FnOnce(&mut String), sample: Sample<'_>) {
        text(&mut self.out);
        push_value(&mut self.out, sample);
    }
}
