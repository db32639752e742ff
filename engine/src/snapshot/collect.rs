//! Collecting: the cells of the shards, and what lies elsewhere.

use std::fmt;

use super::{
    Snapshot,
    cell_plan::{CellPlan, CellPlanBuilder},
    known::Answered,
    own::Own,
    schema::{Family, Members, Schema},
};
use crate::{
    exemplar::{Placed, series::SeriesExemplars},
    held::Body,
    registry::metric::Series,
    shard::Arena,
    state_set::StateCell,
    sync::Arc,
};

/// Where the values of a series come from that is listed, but not a callback's.
pub(crate) enum Source {
    /// The bits of one shared integer.
    States(Arc<Body<StateCell>>),
    /// A number of the engine's own.
    Own(Own),
}

/// How to fill the column of values.
#[derive(Default)]
pub(crate) struct Plan {
    cells: CellPlan,
    /// Families of which each series has its value in one place.
    others: Vec<usize>,
    /// State sets, by their first column.
    states: Vec<(usize, Arc<Body<StateCell>>)>,
    /// Self-metrics, by their column.
    own: Vec<(usize, Own)>,
    /// Families whose series may have exemplars.
    traced: Vec<usize>,
}

impl Plan {
    /// The plan for these families. `listed` says where the values of listed series come from, by their first column.
    pub(crate) fn new(families: &[Family], listed: Vec<(usize, Source)>) -> Self {
        let mut cells = CellPlanBuilder::default();
        let mut plan = Self::default();
        for (number, family) in families.iter().enumerate() {
            if registered_series(family).next().is_some_and(|(_, series)| exemplars_of(series).is_some()) {
                plan.traced.push(number);
            }
            let elsewhere = registered_series(family).filter(|(index, series)| {
                !matches!(series, Series::Info(_)) && !cells.add(*series, family.column(*index))
            });
            if elsewhere.count() > 0 {
                plan.others.push(number);
            }
        }
        for (column, source) in listed {
            match source {
                Source::States(cell) => plan.states.push((column, cell)),
                Source::Own(own) => plan.own.push((column, own)),
            }
        }
        Self { cells: cells.build(), ..plan }
    }

    /// What the plan takes of memory.
    pub(super) fn bytes(&self) -> usize {
        let Self { cells, others, states, own, traced } = self;
        cells.bytes()
            + (others.capacity() + traced.capacity()) * size_of::<usize>()
            + states.capacity() * size_of::<(usize, Arc<Body<StateCell>>)>()
            + own.capacity() * size_of::<(usize, Own)>()
    }

    /// Reads gauges and everything else of which there is one, and notes the series without a value.
    fn collect_others(&self, families: &[Family], values: &mut [u64], missing: &mut Vec<u32>) {
        for family in self.others.iter().map(|number| &families[*number]) {
            for (index, series) in registered_series(family) {
                match series {
                    Series::Gauge(gauge) => match gauge.get() {
                        Some(value) => values[family.column(index)] = value.to_bits(),
                        None => missing.push(index),
                    },
                    Series::SignalCounter(cell) => values[family.column(index)] = cell.get(),
                    _ => {}
                }
            }
        }
        self.states.iter().for_each(|(column, cell)| cell.write(&mut values[*column..]));
    }

    /// Reads the exemplars.
    fn collect_exemplars(&self, families: &[Family], exemplars: &mut Vec<Placed>) {
        for (series, found) in self.traced.iter().flat_map(|number| registered_series(&families[*number])) {
            if let Some(found) = exemplars_of(found) {
                found.read(|bucket, exemplar| exemplars.push(Placed { series, bucket, exemplar }));
            }
        }
    }

    /// Reads the self-metrics of a schema with so many series in all.
    fn collect_own(&self, arena: &Arena, series: usize, values: &mut [u64]) {
        let series = (series - self.own.len()) as u64;
        self.own.iter().for_each(|(column, own)| values[*column] = own.read(arena, series));
    }
}

/// The series of a registered family, by their index among those of all families.
fn registered_series(family: &Family) -> impl Iterator<Item = (u32, Series<'_>)> {
    family.series.clone().zip(0..).filter_map(|(index, at)| match &family.members {
        Members::Registered(registered) => Some((index, registered.series(at)?)),
        Members::Listed(_) => None,
    })
}

fn exemplars_of(series: Series<'_>) -> Option<&SeriesExemplars> {
    series.extras()?.exemplars()
}

/// Completes a snapshot that has the answers of callbacks already. No lock is held while cells are read.
pub(crate) fn collect(schema: Arc<Schema>, arena: &Arena, answered: Answered) -> Snapshot {
    let Answered { mut values, mut missing, mut exemplars, .. } = answered;
    let Schema { plan, families, .. } = &*schema;
    // Before the cells: who sees an exemplar then finds its record in them.
    plan.collect_exemplars(families, &mut exemplars);
    plan.collect_others(families, &mut values, &mut missing);
    plan.collect_own(arena, schema.series(), &mut values);
    plan.cells.collect(arena, &mut values);
    missing.sort_unstable();
    Snapshot::new(schema, values, missing.into(), exemplars)
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("cells", &self.cells.series())
            .field("others", &self.others.len())
            .finish()
    }
}
