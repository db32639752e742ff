//! What a registry takes of memory.
//!
//! Cells and label text are counted exactly. Metadata is what `size_of` and the capacities of maps tell: of what a map
//! takes per entry the crates that make it say nothing, so that follows from how they are known to work.

use super::{Registry, catalog::Catalog, description::Description, family::FamilyCore, metric::Series};
use crate::{
    Buckets,
    extras::SeriesExtras,
    labels::label::Label,
    shard::CellBlock,
    size::{self, ARC},
};

/// What a registry takes of memory, and what the shards of the process take. See [`Registry::memory`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// What each family takes, sorted by name.
    pub families: Vec<FamilyMemory>,
    /// Series of all families.
    pub series: usize,
    /// Bytes of all families' cells. They lie in the shards' pages, so they are a part of
    /// [`shard_bytes`](Self::shard_bytes).
    pub cell_bytes: usize,
    /// Bytes of all families' metadata, and of what the registry has beside: the names, the tables they are found by,
    /// its options. An estimate, see [`FamilyMemory::metadata_bytes`].
    pub metadata_bytes: usize,
    /// Bytes of all families' label text, and of the constant labels.
    pub label_text_bytes: usize,
    /// Bytes of the schema that snapshots share, without the label text that it shares with the series: an estimate,
    /// like the metadata. 0 before the first snapshot. A registry whose snapshots are held while it changes has more
    /// than this one.
    pub schema_bytes: usize,
    /// Shards that the process has made for all its registries.
    pub shards: usize,
    /// Bytes that these have taken from the allocator, with all their pages. Exact; they are never given back.
    pub shard_bytes: usize,
}

/// What a family takes of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FamilyMemory {
    /// The family's full name.
    pub name: String,
    /// Its series, with the one beyond the limit.
    pub series: usize,
    /// Bytes of its cells in the pages that shards have mapped: a series costs a thread cells when the thread has
    /// recorded in any series of the same page. Exact. Gauges, signal counters and state sets have one cell each, which
    /// counts as metadata.
    pub cell_bytes: usize,
    /// Bytes of everything else but text of labels: what it was declared as, the map of its series, what their handles
    /// share, their exemplars, and what is kept of those that were begun again. An estimate from the sizes of types and
    /// the capacities of maps, without what the allocator adds.
    pub metadata_bytes: usize,
    /// Bytes of label values, as the keys of the series hold them, with one byte behind each. Exact. Values of closed
    /// labels are in the metadata, once for the family.
    pub label_text_bytes: usize,
}

impl Registry {
    /// What the registry takes of memory, by family, and what the process takes for the cells of all registries.
    ///
    /// A child answers for the whole registry. What callbacks own, snapshots and what exporters keep is not counted.
    /// Control plane: visits every series, and for each one every shard; snapshots and look-ups in a family may wait
    /// for it meanwhile, records do not.
    ///
    /// ```
    /// let registry = tachometer::Registry::new();
    /// let sent = registry.counter_family("records_sent_total", "Records sent.", ["stream_name"])?;
    /// sent.with([("stream_name", "orders")])?.inc();
    /// let memory = registry.memory();
    /// assert_eq!((memory.families[0].series, memory.families[0].cell_bytes), (1, 8));
    /// assert_eq!(memory.label_text_bytes, "orders".len() + 1);
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.catalog.memory()
    }
}

impl Catalog {
    fn memory(&self) -> Memory {
        let families: Vec<_> =
            self.families().iter().map(|family| family.memory(&self.default_buckets)).collect();
        let sum = |bytes: fn(&FamilyMemory) -> usize| families.iter().map(bytes).sum::<usize>();
        let constant = self.constant_labels.iter();
        let own = ARC
            + size_of::<Self>()
            + size::shared(&*self.constant_labels)
            + constant.clone().map(|(name, _)| size::shared(name.as_str()) + ARC).sum::<usize>()
            + self.default_buckets.bytes()
            + self.names_bytes()
            + self.self_metrics.bytes();
        Memory {
            series: sum(|family| family.series),
            cell_bytes: sum(|family| family.cell_bytes),
            metadata_bytes: sum(|family| family.metadata_bytes) + own,
            label_text_bytes: sum(|family| family.label_text_bytes)
                + constant.map(|(_, value)| value.len()).sum::<usize>(),
            schema_bytes: self.schema_bytes(),
            shards: self.arena.shards().count(),
            shard_bytes: self.arena.shard_bytes(),
            families,
        }
    }
}

impl FamilyCore {
    /// `default_buckets` are the registry's, which count there.
    fn memory(&self, default_buckets: &Buckets) -> FamilyMemory {
        let Description { name, .. } = &self.description;
        let (tables, text) = self.tables_bytes();
        let mut memory = FamilyMemory {
            name: name.as_str().to_owned(),
            series: 0,
            cell_bytes: 0,
            metadata_bytes: size::shared(self) + self.description.bytes(default_buckets) + tables,
            label_text_bytes: text,
        };
        self.visit(|entry, width| {
            memory.label_text_bytes += entry.key().len();
            memory.metadata_bytes += entry.bytes();
            for series in entry.series().take(width) {
                memory.series += 1;
                memory.cell_bytes += series.block().map_or(0, CellBlock::mapped_bytes);
                memory.metadata_bytes += series.bytes()
                    + series.block().map_or(0, CellBlock::baseline_bytes)
                    + series.extras().map_or(0, SeriesExtras::bytes);
            }
        });
        memory
    }
}

impl Description {
    fn bytes(&self, default_buckets: &Buckets) -> usize {
        let own_buckets = self.buckets.as_ref().filter(|own| !own.is_shared_with(default_buckets));
        size::shared(self.name.as_str())
            + self.declared.as_deref().map_or(0, size::shared)
            + size::shared(&*self.help)
            + self.unit.as_deref().map_or(0, size::shared)
            + size_of_val(&*self.labels)
            + self.labels.iter().map(Label::bytes).sum::<usize>()
            + own_buckets.map_or(0, Buckets::bytes)
            + self.scale.as_ref().map_or(0, |scale| scale.bytes())
    }
}

impl Series<'_> {
    /// What the handles of the series share. What a callback owns outside itself is its own.
    fn bytes(self) -> usize {
        match self {
            Self::Counter(body) | Self::FloatCounter(body) | Self::UpDownCounter(body) => size::shared(body),
            Self::Histogram(body) => size::shared(body),
            Self::IntegerHistogram(body) => size::shared(body),
            Self::Gauge(body) => size::shared(body),
            Self::SignalCounter(body) => size::shared(body),
            Self::Info(body) => size::shared(body),
            Self::StateSet(body) => {
                let text = body.names().iter().map(|name| name.len()).sum::<usize>();
                size::shared(body) + size::shared(&**body.names()) + text
            }
        }
    }
}
