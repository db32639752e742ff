//! The image that an exporter keeps, and the renders that are under way.
//!
//! A render that is alone takes the image and changes it in place. While others are under way, each takes a copy of it,
//! so that none waits for another: the lock is held to take a pointer or to put one back. One that begins just when the
//! image is taken finds none, and makes all texts anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::format::Format;
use crate::image::Image;

/// The image of the last render, if nobody has taken it.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    image: Option<Arc<Image>>,
    renders: usize,
}

/// A render that is under way, from before its snapshots until it is dropped.
pub(crate) struct Turn<'a>(&'a Kept);

impl Kept {
    /// Begins a render.
    pub(crate) fn begin(&self) -> Turn<'_> {
        self.lock().renders += 1;
        Turn(self)
    }

    // What is locked is never half-written. So poisoning means nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The image, if it has this format, for this render alone if there is no other.
    pub(crate) fn take(&self, format: Format) -> Option<Arc<Image>> {
        let mut state = self.0.lock();
        // One of another format is left for a render that can use it, until this one replaces it.
        if state.image.as_ref()?.format() != format {
            None
        } else if state.renders == 1 {
            state.image.take()
        } else {
            state.image.clone()
        }
    }

    /// Keeps the image of this render, in place of any other.
    pub(crate) fn keep(&self, image: Image) {
        let image = Some(Arc::new(image));
        let replaced = {
            let mut state = self.0.lock();
            std::mem::replace(&mut state.image, image)
        };
        // Megabytes perhaps, and freed outside the lock.
        drop(replaced);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().renders -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;
    use crate::format::Format;
    use crate::image::Image;

    #[test]
    fn a_render_takes_the_image_if_it_is_alone_and_leaves_it_to_others_if_not() {
        let kept = Kept::default();
        let first = kept.begin();
        assert!(first.take(Format::TEXT).is_none());
        first.keep(Image::new(Vec::new(), Format::TEXT));

        let second = kept.begin();
        assert!(first.take(Format::TEXT).is_some());
        assert!(second.take(Format::TEXT).is_some());
        drop(first);
        assert!(second.take(Format::TEXT).is_some());
        assert!(second.take(Format::TEXT).is_none(), "it was taken");
    }
}
