//! The body of an answer.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::conversation::Conversation;

/// What one collection gave: the body that all who waited for it share.
#[derive(Debug)]
pub(crate) struct Rendered {
    chunks: Vec<Bytes>,
    bytes: u64,
    readers: Mutex<Vec<Weak<Reader>>>,
}

/// One answer that sends the shared body.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Nothing once it has been cut off.
    body: Mutex<Option<Arc<Rendered>>>,
    /// Of the server's own connections.
    conversation: OnceLock<Arc<Conversation>>,
}

/// The body of an answer of [`MetricsService`](crate::MetricsService): shared with all who asked for the same at the
/// same time, and sent in pieces of some 64 KiB. Its length is known from the start.
///
/// An error means that the client was too slow: it held a body that newer scrapes need the memory of. Close the
/// connection then, as hyper and axum do.
pub struct AnswerBody {
    kind: Kind,
    conversation: Option<Arc<Conversation>>,
}

enum Kind {
    Short(Option<Bytes>),
    Shared { reader: Arc<Reader>, next: usize, left: u64 },
}

impl Rendered {
    pub(crate) fn new(chunks: Vec<Bytes>) -> Rendered {
        let bytes = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Rendered { chunks, bytes, readers: Mutex::default() }
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        self.chunks.iter()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the body away from all who still send it, and says how many that were.
    pub(crate) fn cut(&self) -> usize {
        let readers = std::mem::take(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner));
        readers.iter().filter_map(Weak::upgrade).filter(|reader| reader.cut()).count()
    }
}

impl Reader {
    fn body(&self) -> MutexGuard<'_, Option<Arc<Rendered>>> {
        // A pointer is never half-written.
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self) -> bool {
        let body = self.body().take();
        if let Some(conversation) = self.conversation.get() {
            conversation.cut();
        }
        body.is_some()
    }
}

impl AnswerBody {
    pub(crate) fn short(text: impl Into<Bytes>) -> AnswerBody {
        AnswerBody { kind: Kind::Short(Some(text.into())), conversation: None }
    }

    /// The body that others may send at the same time.
    pub(crate) fn shared(rendered: &Arc<Rendered>) -> AnswerBody {
        let body = Mutex::new(Some(Arc::clone(rendered)));
        let reader = Arc::new(Reader { body, conversation: OnceLock::new() });
        let mut readers = rendered.readers.lock().unwrap_or_else(PoisonError::into_inner);
        // In a storm one body has many readers, most of them gone.
        if readers.len() == readers.capacity() {
            readers.retain(|reader| reader.strong_count() > 0);
        }
        readers.push(Arc::downgrade(&reader));
        drop(readers);
        AnswerBody { kind: Kind::Shared { reader, next: 0, left: rendered.bytes }, conversation: None }
    }

    /// Tells the connection when the body is at its end, and is cut off by closing it.
    pub(super) fn attach(&mut self, conversation: &Arc<Conversation>) {
        if let Kind::Shared { reader, .. } = &self.kind {
            let _ = reader.conversation.set(Arc::clone(conversation));
        }
        self.conversation = Some(Arc::clone(conversation));
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        if let Some(conversation) = &self.conversation {
            conversation.handed_over();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = match &mut self.get_mut().kind {
            Kind::Short(text) => text.take().filter(|text| !text.is_empty()),
            Kind::Shared { left: 0, .. } => None,
            Kind::Shared { reader, next, left } => {
                let Some(chunk) = reader.body().as_ref().and_then(|body| body.chunks.get(*next)).cloned()
                else {
                    return Poll::Ready(Some(Err(io::Error::other("the client read too slowly"))));
                };
                *next += 1;
                *left -= chunk.len() as u64;
                Some(chunk)
            }
        };
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.kind {
            Kind::Short(text) => text.as_ref().map_or(0, |text| text.len() as u64),
            Kind::Shared { left, .. } => *left,
        })
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody").field("left", &self.size_hint().exact()).finish()
    }
}
