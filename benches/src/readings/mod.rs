//! What is read, by subject.

pub mod collect;
pub mod render;
