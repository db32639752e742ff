//! What is read, by subject.

pub mod collect;
pub mod pipeline;
pub mod readers;
pub mod render;
pub mod threads;
