//! The text of an exposition, shared by the exporter that keeps it and those who read it.

use std::fmt;
use std::sync::Arc;

/// The text of an exposition, as [`Exporter::render_body`](crate::Exporter::render_body) gives it. Cloning it copies no
/// text.
///
/// The exporter keeps the same text for the next render. One that is still held then stays as it is, at the cost of a
/// copy: drop it when it has served.
#[derive(Clone, Default)]
pub struct Body(Arc<Vec<u8>>);

impl Body {
    /// The text, as it is sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, of which a copy is made: at a small part of a nanosecond for a byte.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Nothing but texts and numbers is ever written to a body, but the compiler does not know.
        String::from_utf8(self.0.to_vec()).unwrap_or_default()
    }

    /// The text, to be changed. It is copied first if anybody reads it.
    pub(crate) fn make_mut(&mut self) -> &mut Vec<u8> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Body(Arc::new(text.into_bytes()))
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("bytes", &self.0.len()).finish()
    }
}
