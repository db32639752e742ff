//! How the bytes of an exposition are coded on their way.

/// What `Content-Encoding` says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// Compressed.
    Gzip,
}
