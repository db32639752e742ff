//! The exporter: registries, rendered as one exposition.

use std::fmt;
use std::sync::Arc;

use tachometer::{Registry, Snapshot};

use crate::body::Body;
use crate::clash::{Clash, ClashError};
use crate::encode::encode_plan;
use crate::format::Format;
use crate::image::Image;
use crate::kept::Kept;
use crate::plan::Plan;

/// Renders one or several registries, and serves them to Prometheus.
///
/// It keeps the text of the last scrape, and prints those values anew that have changed since. That makes a scrape tens
/// of times cheaper than [`encode`](crate::encode()). Clones share what is kept, and any number of threads may render
/// at the same time.
///
/// What is kept is the text once, and some bytes for each value. Among them are the snapshots of the last render, so
/// that the cells of a series that is removed are reused after the next one.
///
/// ```
/// use tachometer::Registry;
/// use tachometer_prometheus::Exporter;
///
/// let registry = Registry::new();
/// let sent = registry.counter("records_sent_total", "Records sent.")?;
/// let exporter = Exporter::new(&registry);
/// sent.add(500);
/// assert!(exporter.render().contains("\nrecords_sent_total 500\n"));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Exporter {
    inner: Arc<Inner>,
}

struct Inner {
    registries: Vec<Registry>,
    kept: Kept,
}

impl Exporter {
    /// An exporter of one registry. What is registered later is exposed too.
    #[must_use]
    pub fn new(registry: &Registry) -> Exporter {
        Exporter::of(vec![registry.clone()])
    }

    fn of(registries: Vec<Registry>) -> Exporter {
        Exporter { inner: Arc::new(Inner { registries, kept: Kept::default() }) }
    }

    /// An exporter of these registries and `other`, as one exposition.
    ///
    /// A family that both have is exposed as one, if kind, help text and unit are the same and no series is in both;
    /// constant labels tell the series of two registries apart. Takes a snapshot of each registry, which calls the
    /// callbacks registered there.
    ///
    /// # Errors
    ///
    /// When something of `other` has a name that is taken: a family with another kind, help text or unit, a sample
    /// name (`x_sum` beside histogram `x`; in OpenMetrics also `x_created`), or a series. The error names the families and says what to change. What is
    /// registered later is not checked here: see [`clashes`](Exporter::clashes). Two registries without prefix and
    /// constant labels say the same series of themselves: build one of them with
    /// [`self_metrics(false)`](tachometer::RegistryBuilder::self_metrics).
    ///
    /// ```
    /// use tachometer::Registry;
    /// use tachometer_prometheus::Exporter;
    ///
    /// let (ours, theirs) = (Registry::new(), Registry::new());
    /// ours.counter("records_total", "Records.")?;
    /// theirs.gauge("records_total", "Records.")?;
    ///
    /// let error = Exporter::new(&ours).and(&theirs).unwrap_err();
    /// assert!(error.to_string().contains("`records_total` is a counter in one registry and a gauge in another"));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    pub fn and(&self, other: &Registry) -> Result<Exporter, ClashError> {
        let mut registries = self.inner.registries.clone();
        registries.push(other.clone());
        let exporter = Exporter::of(registries);
        let newest = exporter.inner.registries.len() - 1;
        let mut clashes = exporter.clashes();
        clashes.retain(|clash| clash.registry() == newest);
        ClashError::check(clashes)?;
        Ok(exporter)
    }

    /// What is registered but not exposed at present, because an earlier registry has the same name.
    ///
    /// Only what was registered after [`and`](Exporter::and) can be listed here, and nothing with one registry. One
    /// bad line makes Prometheus refuse a whole scrape, so the first registry wins and the rest stays out. Takes a
    /// snapshot of each registry.
    #[must_use]
    pub fn clashes(&self) -> Vec<Clash> {
        let snapshots = self.snapshots();
        let mut clashes = Plan::new(&snapshots, Format::TEXT).into_clashes();
        // There a family takes more names, `foo_created` for instance.
        for clash in Plan::new(&snapshots, Format::OPEN_METRICS).into_clashes() {
            if !clashes.contains(&clash) {
                clashes.push(clash);
            }
        }
        clashes
    }

    /// A snapshot of each registry, in the order in which they were given.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.inner.registries.iter().map(Registry::snapshot).collect()
    }

    /// Takes a snapshot of each registry and renders them.
    ///
    /// Costs a copy of the text more than [`render_body`](Exporter::render_body).
    #[must_use]
    pub fn render(&self) -> String {
        self.render_body().to_text()
    }

    /// Takes a snapshot of each registry and renders them, without a copy of the text for the caller.
    ///
    /// Beside the snapshots some 10 ns a sample that has changed since the last render, more for floats, and a part of
    /// a nanosecond for one that has not; for the first time after a registration, what [`encode`](crate::encode())
    /// costs. The chunks of an earlier body that is still held are copied where they change. No producer waits for it,
    /// and no other render.
    ///
    /// ```
    /// let registry = tachometer::Registry::new();
    /// registry.counter("records_sent_total", "Records sent.")?.add(500);
    /// let exporter = tachometer_prometheus::Exporter::new(&registry);
    /// assert!(exporter.render_body().to_text().contains("\nrecords_sent_total 500\n"));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn render_body(&self) -> Body {
        self.render_as(Format::TEXT)
    }

    /// The same in any format.
    ///
    /// One text is kept, that of the last format. So a render in another one makes all texts anew.
    ///
    /// ```
    /// use tachometer_prometheus::{Exporter, Format};
    ///
    /// let registry = tachometer::Registry::new();
    /// registry.counter("records_sent_total", "Records sent.")?.add(500);
    /// let format = Format::negotiate(Some("application/openmetrics-text"));
    /// let body = Exporter::new(&registry).render_as(format);
    /// assert!(body.to_text().ends_with("# EOF\n"));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn render_as(&self, format: Format) -> Body {
        let turn = self.inner.kept.begin();
        let snapshots = self.snapshots();
        let image = match turn.take(format) {
            Some(image) => Arc::unwrap_or_clone(image).update(snapshots),
            None => Image::new(snapshots, format),
        };
        let body = image.body().clone();
        turn.keep(image);
        body
    }

    /// Renders the families whose name `wanted` accepts, and keeps nothing.
    ///
    /// The name is that of the samples without their suffix, as it is spelled in this format. What is left out because
    /// its name is taken stays out. Costs as much as [`encode_as`](crate::encode_as) for the chosen families.
    ///
    /// ```
    /// use tachometer_prometheus::{Exporter, Format};
    ///
    /// let registry = tachometer::Registry::new();
    /// registry.counter("records_sent_total", "Records sent.")?.add(500);
    /// registry.gauge("queue_size", "Records waiting.")?;
    /// let body = Exporter::new(&registry).render_families(Format::TEXT, |name| name.starts_with("records_"));
    /// assert!(body.to_text().ends_with("\nrecords_sent_total 500\n"));
    /// assert!(!body.to_text().contains("queue_size"));
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn render_families(&self, format: Format, wanted: impl Fn(&str) -> bool) -> Body {
        let snapshots = self.snapshots();
        let mut plan = Plan::new(&snapshots, format);
        plan.retain(wanted);
        encode_plan(&plan, &snapshots).into()
    }

    /// The registry that what the endpoint says of itself belongs to.
    pub(crate) fn first_registry(&self) -> Option<&Registry> {
        self.inner.registries.first()
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("registries", &self.inner.registries.len()).finish()
    }
}
