//! Properties of the text, on random snapshots that hold anything a snapshot can hold.

mod parse;
mod properties;
mod strategies;
