//! Properties of the text, on random snapshots that hold anything a snapshot can hold, of label values, and of what is
//! exposed beside registrations.

#[path = "../../tests/collected/mod.rs"]
mod collected;
mod gzip;
mod label_values;
mod parse;
mod properties;
mod registration;
mod strategies;
