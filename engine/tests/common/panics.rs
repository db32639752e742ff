//! Panics that are meant to happen.

use std::{panic, sync::Once};

/// Keeps panics that say that they are on purpose from filling the output.
pub(crate) fn expect_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let on_purpose = info.payload().downcast_ref::<&str>() == Some(&"on purpose");
            if !on_purpose {
                hook(info);
            }
        }));
    });
}
