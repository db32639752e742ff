//! Taking a snapshot: callbacks, then the schema, then values.
//!
//! Callbacks are asked outside every lock. What they answer, and the registered families as they are after that, must
//! fit the schema of the snapshot before, or make a new one: [`Known`] has the rules.

use std::sync::Arc as Shared;

use super::catalog::{Catalog, Names};
use crate::{
    Snapshot,
    snapshot::{
        callback::{Answer, Callbacks},
        collect::collect,
        known::{Answered, Known, settle},
        schema::{Draft, Schema},
    },
    sync::{Arc, Ordering, lock},
};

/// What a snapshot begins with.
enum Current {
    /// Nothing has changed since the last snapshot, and there is nobody to ask.
    Schema(Arc<Schema>),
    /// Those to ask; perhaps nobody.
    Ask(Callbacks),
}

impl Catalog {
    /// Takes a snapshot, and forgets idle series after it, where that is wanted.
    pub(super) fn snapshot(&self) -> Snapshot {
        let Some(_) = self.options.idle_timeout else { return self.collect() };
        let begun = self.turns.draw();
        let snapshot = self.collect();
        self.families().iter().for_each(|family| family.forget_idle(begun));
        snapshot
    }

    fn collect(&self) -> Snapshot {
        let snapshot = self.collect_all();
        if let Some(exemplars) = &self.extras.exemplars {
            exemplars.next_round();
        }
        snapshot
    }

    fn collect_all(&self) -> Snapshot {
        let callbacks = match self.current() {
            Current::Schema(schema) => {
                let nothing = Answered::nothing(&schema);
                return collect(schema, self.arena, nothing);
            }
            Current::Ask(callbacks) => callbacks,
        };
        let mut answers = self.runner.run(&callbacks);
        let known = self.follow(&callbacks, &mut answers);
        let answered = known.place(&callbacks, answers);
        self.callback_errors.fetch_add(answered.errors, Ordering::Relaxed);
        collect(known.schema, self.arena, answered)
    }

    fn current(&self) -> Current {
        let known = lock(&self.known);
        // Relaxed: it is only compared. What belongs to a version that is known, its lock orders.
        let version = self.version.load(Ordering::Relaxed);
        match &*known {
            Some(known) if known.version == version && known.callbacks.is_empty() => {
                Current::Schema(Arc::clone(&known.schema))
            }
            Some(known) if known.version == version => Current::Ask(Callbacks::clone(&known.callbacks)),
            _ => Current::Ask(lock(&self.names).callbacks()),
        }
    }

    /// What this snapshot knows: as the last one, if the answers have the same structure and nothing has changed.
    fn follow(&self, asked: &Callbacks, answers: &mut [Option<Answer>]) -> Known {
        let (new, _old) = {
            let mut known = lock(&self.known);
            // Loaded before the families are visited: whatever was changed before this version is found, and what is
            // changed later raises it again. Acquire: see `FamilyCore::changed`.
            let version = self.version.load(Ordering::Acquire);
            let mut differs = false;
            for (callback, answer) in asked.iter().zip(answers) {
                let structure = answer.as_mut().and_then(|answer| answer.structure.take());
                differs |= structure.is_some_and(|structure| callback.keep(structure));
            }
            match &*known {
                Some(known) if !differs && known.is_of(version, asked) => (known.clone(), None),
                _ => {
                    let new = self.know(version);
                    (new.clone(), known.replace(new))
                }
            }
        };
        // The old one is dropped here, without the lock: it may be the last to hold a callback.
        new
    }

    /// For models: calls that were given up and have not returned yet.
    #[cfg(any(tachometer_loom, tachometer_shuttle))]
    pub(super) fn late_calls(&self) -> u32 {
        let callbacks = lock(&self.names).callbacks();
        callbacks.iter().map(|callback| callback.late_calls()).sum()
    }

    fn know(&self, version: u64) -> Known {
        let (families, callbacks, exposes) = {
            let names = lock(&self.names);
            let families: Vec<_> = names
                .families
                .values()
                .filter(|family| !family.core.description.kind.is_asked())
                .map(|family| Arc::clone(&family.core))
                .collect();
            let callbacks = names.callbacks();
            let exposes = settle(&callbacks, |name| names.claims.contains_key(name));
            (families, callbacks, exposes)
        };
        let own = self.self_metrics.drafts(&self.constant_labels, &self.callback_errors, &self.extras);
        Known::new(
            version,
            callbacks,
            &exposes,
            self.options.series_per_family,
            families.iter().map(|family| family.draft()).chain(own.into_iter().map(Draft::Listed)),
        )
    }
}

impl Names {
    /// Those of families, in the order of their names, then the collectors.
    fn callbacks(&self) -> Callbacks {
        let of_families = self.families.values().flat_map(|family| family.core.callbacks());
        of_families
            .chain(self.collectors.iter().map(|collector| Shared::clone(&collector.callback)))
            .collect()
    }
}
