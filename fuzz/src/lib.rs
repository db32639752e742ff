//! What the fuzz targets do. `ci/fuzz.sh` runs them, and gives the expositions of the corpus to other readers.
//!
//! The inputs of two targets are texts, so that the corpus can be read and written by hand: see [`script`].
#![forbid(unsafe_code)]

pub mod bucket_index;
mod by_name;
pub mod expected;
pub mod exposition;
pub mod expositions;
pub mod families;
pub mod model;
pub mod registration;
pub mod round_trip;
pub mod script;
pub mod structure;
mod threads;
