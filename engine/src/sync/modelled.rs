//! The half for models: stand-ins for what loom and shuttle cannot see, made of the primitives that they can.
//!
//! The guarantees are those of what they stand for, and no stronger ones.

use std::{cell::Cell, collections::VecDeque};

mod map;
mod time;

#[cfg(tachometer_loom)]
use super::loomed as primitives;
#[cfg(tachometer_shuttle)]
use super::shuttled as primitives;

pub(crate) use map::Map;
#[cfg(tachometer_loom)]
pub(crate) use primitives::ProcessWide;
pub(crate) use primitives::{
    Arc, AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, compiler_fence, fence, limit,
    per_thread, process_wide, thread,
};
pub(crate) use time::{Condvar, Instant, pass};

/// A 64-bit cell of a shard: written by the shard's owner alone, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Cell64(AtomicU64);

impl Cell64 {
    /// The owner's load.
    pub(crate) fn owner_load(&self) -> u64 {
        primitives::owner_load(&self.0)
    }

    /// The owner's store, ignored once the thread was stopped by [`stop_after`].
    pub(crate) fn owner_store(&self, value: u64, order: Ordering) {
        if may_store() {
            primitives::owner_store(&self.0, value, order);
        }
    }

    /// A reader's load.
    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
}

per_thread! {
    static STORES_LEFT: Cell<Option<usize>> = Cell::new(None);
}

/// Lets only the next `stores` owner stores of this thread happen.
pub(crate) fn stop_after(stores: usize) {
    STORES_LEFT.with(|left| left.set(Some(stores)));
}

fn may_store() -> bool {
    STORES_LEFT
        .try_with(|left| match left.get() {
            None => true,
            Some(0) => false,
            Some(n) => {
                left.set(Some(n - 1));
                true
            }
        })
        .unwrap_or(true)
}

/// A `OnceLock` with one setter at a time: `set` publishes with Release, `get` takes with Acquire, and no more.
#[derive(Debug)]
pub(crate) struct Once<T> {
    ready: Cell64,
    value: std::sync::OnceLock<T>,
}

impl<T> Once<T> {
    pub(crate) fn new() -> Self {
        Self { ready: Cell64::default(), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.ready.load(Ordering::Acquire) == 0 { None } else { self.value.get() }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        // A `OnceLock` may let a setter wait for another: here loom fails the model unless one comes after the other.
        self.ready.owner_load();
        self.value.set(value)?;
        self.ready.owner_store(1, Ordering::Release);
        Ok(())
    }
}

/// `atomic_float::AtomicF64` over the model's `AtomicU64`: the same CAS loop.
#[derive(Debug)]
pub(crate) struct AtomicF64(AtomicU64);

impl AtomicF64 {
    pub(crate) fn new(value: f64) -> Self {
        Self(AtomicU64::new(value.to_bits()))
    }

    pub(crate) fn load(&self, order: Ordering) -> f64 {
        f64::from_bits(self.0.load(order))
    }

    pub(crate) fn store(&self, value: f64, order: Ordering) {
        self.0.store(value.to_bits(), order);
    }

    pub(crate) fn fetch_add(&self, value: f64, order: Ordering) -> f64 {
        let added = self.fetch_update(order, Ordering::Relaxed, |current| Some(current + value));
        added.unwrap_or_else(|current| current)
    }

    pub(crate) fn fetch_update(
        &self,
        set_order: Ordering,
        fetch_order: Ordering,
        mut update: impl FnMut(f64) -> Option<f64>,
    ) -> Result<f64, f64> {
        let mut current = self.0.load(fetch_order);
        while let Some(next) = update(f64::from_bits(current)) {
            match self.0.compare_exchange_weak(current, next.to_bits(), set_order, fetch_order) {
                Ok(_) => return Ok(f64::from_bits(current)),
                Err(seen) => current = seen,
            }
        }
        Err(f64::from_bits(current))
    }
}

/// `portable_atomic::AtomicU128` over the model's `AtomicU64`, which holds a number that stands for the value.
///
/// A value keeps its number, so two numbers are equal when their values are, and a comparison of the one is a
/// comparison of the other. The table of values lies where no model looks; it orders nothing.
#[derive(Debug)]
pub(crate) struct AtomicU128 {
    number: AtomicU64,
    values: std::sync::Mutex<Vec<u128>>,
}

impl AtomicU128 {
    pub(crate) fn new(value: u128) -> Self {
        Self { number: AtomicU64::new(0), values: std::sync::Mutex::new(vec![value]) }
    }

    pub(crate) fn load(&self, order: Ordering) -> u128 {
        self.value_of(self.number.load(order))
    }

    pub(crate) fn swap(&self, value: u128, order: Ordering) -> u128 {
        self.value_of(self.number.swap(self.number_of(value), order))
    }

    pub(crate) fn compare_exchange(
        &self,
        current: u128,
        new: u128,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u128, u128> {
        let (current, new) = (self.number_of(current), self.number_of(new));
        let result = self.number.compare_exchange(current, new, success, failure);
        result.map(|number| self.value_of(number)).map_err(|number| self.value_of(number))
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u128,
        new: u128,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u128, u128> {
        self.compare_exchange(current, new, success, failure)
    }

    fn value_of(&self, number: u64) -> u128 {
        self.with_values(|values| values[number as usize])
    }

    fn number_of(&self, value: u128) -> u64 {
        self.with_values(|values| {
            let known = values.iter().position(|known| *known == value);
            known.unwrap_or_else(|| {
                values.push(value);
                values.len() - 1
            }) as u64
        })
    }

    fn with_values<R>(&self, work: impl FnOnce(&mut Vec<u128>) -> R) -> R {
        work(&mut self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// The lock-free queue's stand-in: first in, first out, and what a push released its pop acquires, but nobody else.
///
/// The relaxed `turn` tells loom that pushes and pops depend on each other and orders nothing. The items lie where no
/// model looks, each with the number of a flag that carries the ordering.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    turn: AtomicU32,
    flags: [AtomicU32; 4],
    items: std::sync::Mutex<Items<T>>,
}

#[derive(Debug)]
struct Items<T> {
    pushed: usize,
    waiting: VecDeque<(T, usize)>,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            turn: AtomicU32::new(0),
            flags: std::array::from_fn(|_| AtomicU32::new(0)),
            items: std::sync::Mutex::new(Items { pushed: 0, waiting: VecDeque::new() }),
        }
    }

    pub(crate) fn push(&self, value: T) {
        let flag = self.with_items(|items| {
            items.pushed += 1;
            items.pushed % self.flags.len()
        });
        self.flags[flag].store(1, Ordering::Release);
        self.turn.fetch_add(1, Ordering::Relaxed);
        self.with_items(|items| items.waiting.push_back((value, flag)));
    }

    pub(crate) fn pop(&self) -> Option<T> {
        self.turn.fetch_add(1, Ordering::Relaxed);
        let (value, flag) = self.with_items(|items| items.waiting.pop_front())?;
        // A read-modify-write, because it always reads the last store.
        self.flags[flag].fetch_add(0, Ordering::Acquire);
        Some(value)
    }

    fn with_items<R>(&self, work: impl FnOnce(&mut Items<T>) -> R) -> R {
        work(&mut self.items.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

pub(crate) use process_wide as process_wide_const;

macro_rules! const_fn {
    ($(#[$attr:meta])* $vis:vis fn $($rest:tt)*) => {
        $(#[$attr])* $vis fn $($rest)*
    };
}
pub(crate) use const_fn;

macro_rules! array_of {
    ($element:expr; $count:expr) => {
        std::array::from_fn(|_| $element)
    };
}
pub(crate) use array_of;
