//! State sets: which of a few known states something is in.

use std::{fmt, marker::PhantomData, sync::Arc as Shared};

use crate::{
    held::Held,
    labels::value::LabelValue,
    sync::{AtomicU64, Ordering},
};

/// Most states of a set: they are the bits of one word.
pub const MAX_STATES: usize = 64;

/// Which of the states of `S`, an enum with `#[derive(LabelValue)]`, are on: a connection's state, feature flags.
///
/// All threads share one word. [`set`](Self::set) is one store and leaves one state on; [`enable`](Self::enable) and
/// [`disable`](Self::disable) change one and leave the others, at the cost of an atomic operation. A snapshot sees the
/// states of one instant. The first state is on until another is set. In the text format each state is a sample of 0 or
/// 1, with the state in a label named like the set.
///
/// ```
/// use tachometer::{LabelValue, Registry, StateSet};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Link { Down, Up }
///
/// let registry = Registry::new();
/// let link: StateSet<Link> = registry.declare("link", "State of the link.").register()?;
/// link.set(Link::Up);
/// assert!(link.is_on(Link::Up) && !link.is_on(Link::Down));
/// # Ok::<(), tachometer::RegisterError>(())
/// ```
#[must_use]
pub struct StateSet<S> {
    cell: Option<Held<StateCell>>,
    states: PhantomData<fn(S)>,
}

impl<S> StateSet<S> {
    /// A state set that records nothing, as a disabled registry hands it out.
    pub const fn noop() -> Self {
        Self { cell: None, states: PhantomData }
    }

    pub(crate) fn new(cell: Held<StateCell>) -> Self {
        Self { cell: Some(cell), states: PhantomData }
    }
}

impl<S: LabelValue> StateSet<S> {
    /// Turns this state on and all others off.
    #[inline]
    pub fn set(&self, state: S) {
        let bit = bit(&state);
        if let Some(cell) = &self.cell
            && bit != 0
        {
            // Relaxed, here and below: the states stand for themselves.
            cell.on.store(bit, Ordering::Relaxed);
        }
    }

    /// Turns this state on.
    #[inline]
    pub fn enable(&self, state: S) {
        if let Some(cell) = &self.cell {
            cell.on.fetch_or(bit(&state), Ordering::Relaxed);
        }
    }

    /// Turns this state off.
    #[inline]
    pub fn disable(&self, state: S) {
        if let Some(cell) = &self.cell {
            cell.on.fetch_and(!bit(&state), Ordering::Relaxed);
        }
    }

    /// Whether this state is on; never in a disabled registry.
    #[must_use]
    pub fn is_on(&self, state: S) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.on.load(Ordering::Relaxed) & bit(&state) != 0)
    }
}

/// The bit of a state; none for an index that no state has.
#[inline]
fn bit<S: LabelValue>(state: &S) -> u64 {
    let index = state.index();
    if index < S::COUNT.min(MAX_STATES) { 1 << index } else { 0 }
}

impl<S> Clone for StateSet<S> {
    fn clone(&self) -> Self {
        Self { cell: self.cell.clone(), states: PhantomData }
    }
}

impl<S> fmt::Debug for StateSet<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.cell.is_some() { "StateSet" } else { "StateSet(noop)" })
    }
}

/// The word that all handles of a state set share, and the names of its bits.
#[derive(Debug)]
pub(crate) struct StateCell {
    on: AtomicU64,
    names: Shared<[Box<str>]>,
}

impl StateCell {
    /// A cell of states with these names, the first of which is on.
    pub(crate) fn new(names: &[Shared<str>]) -> Self {
        Self { on: AtomicU64::new(1), names: names.iter().map(|name| Box::from(&**name)).collect() }
    }

    pub(crate) fn names(&self) -> &Shared<[Box<str>]> {
        &self.names
    }

    /// Whether the states have these names.
    pub(crate) fn has_names(&self, names: &[Shared<str>]) -> bool {
        self.names.iter().map(|name| &**name).eq(names.iter().map(|name| &**name))
    }

    /// Writes 0 or 1 for each state.
    pub(crate) fn write(&self, values: &mut [u64]) {
        let on = self.on.load(Ordering::Relaxed);
        let states = values.iter_mut().take(self.names.len());
        states.enumerate().for_each(|(index, value)| *value = on >> index & 1);
    }
}
