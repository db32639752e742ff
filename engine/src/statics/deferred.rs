//! A registration that comes later: the handle of a static metric, before, while and after there is one.

use std::fmt;

use crate::{
    Registry,
    error::RegisterError,
    sync::{Mutex, Once, const_fn, lock},
};

/// Name, help text, and the handle once there is one.
pub(super) struct Deferred<M> {
    name: &'static str,
    help: &'static str,
    /// Set when nothing is left to take over. What a record looks at first, and the only thing once it is there.
    handle: Once<M>,
    /// The same handle, set before the early cells are closed: for a record that found one closed.
    next: Once<M>,
    /// Held by the one registration.
    registering: Mutex<()>,
}

impl<M> Deferred<M> {
    const_fn! {
        pub(super) fn new(name: &'static str, help: &'static str) -> Self {
            Self { name, help, handle: Once::new(), next: Once::new(), registering: Mutex::new(()) }
        }
    }

    /// The handle, when the registration is complete.
    #[inline(always)]
    pub(super) fn handle(&self) -> Option<&M> {
        self.handle.get()
    }

    /// The handle for a record that found an early cell closed. It is there: it was set before.
    pub(super) fn next(&self) -> Option<&M> {
        self.next.get()
    }

    /// What `read` makes of the handle, while no registration is under way: without one, everything that was recorded
    /// is in the early cells, and with one, in the handle's.
    pub(super) fn settled<R>(&self, read: impl FnOnce(Option<&M>) -> R) -> R {
        let _settled = lock(&self.registering);
        read(self.handle())
    }
}

impl<M: Clone> Deferred<M> {
    /// Registers with `make`, unless that has been done, and has `take_over` move what is in the early cells, and close
    /// them. When `make` fails the registry keeps the error, and what was recorded goes where the no-op puts it.
    ///
    /// No user code runs under the lock: `make` registers a metric without callbacks.
    pub(super) fn register(
        &self,
        registry: &Registry,
        noop: M,
        make: impl FnOnce(&str, &str) -> Result<M, RegisterError>,
        take_over: impl FnOnce(&M),
    ) {
        let _registering = lock(&self.registering);
        if self.handle().is_some() {
            return;
        }
        let handle = make(self.name, self.help).unwrap_or_else(|error| {
            registry.keep_error(error);
            noop
        });
        // The steps of the protocol, in their order. Neither `set` fails: the lock is held, and there was no handle.
        let _ = self.next.set(handle.clone());
        take_over(&handle);
        let _ = self.handle.set(handle);
    }
}

impl<M: fmt::Debug> fmt::Debug for Deferred<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, ", self.name)?;
        match self.handle() {
            Some(handle) => handle.fmt(f),
            None => f.write_str("not registered"),
        }
    }
}
