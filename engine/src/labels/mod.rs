//! Labels that the compiler knows: values, sets of labels, and the keys that series are found by.
//!
//! A label is *closed* when its values are known beforehand (an enum, a `bool`), and *open* when they are not (a
//! string, a number). The difference is a type, [`Closed`] or [`Open`], and decides how a series is found:
//!
//! ```text
//! struct Sent { stream_name: String, status: Status }      Status = Ok | Throttled | Failed
//!                     │                      │
//!                     │ open                 │ closed
//!                     ▼                      ▼
//!        key "orders" ──► look-up ──► series [ok, throttled, failed] ──► series[status.index()]
//!                         once                                          each time, no hash
//! ```
//!
//! The open labels make a key of bytes, looked up in the family's map. The closed ones make an index into the series
//! that lie under that key, all of which exist from the start: with several closed labels, the index is the number
//! whose digits are the values' indices, the last label first in value.
//!
//! - `value`: one label's value; `set`: several labels, as a struct or a tuple;
//! - `key`: the bytes that stand for the open values; `list`: which labels of a set are open, as types.

pub(crate) mod key;
pub(crate) mod label;
pub(crate) mod list;
pub(crate) mod set;
pub(crate) mod value;

pub use key::{KeyWriter, MAX_LABEL_VALUE_BYTES};
pub use list::{Closed, ClosedList, Domain, Open, OpenValues, Text};
pub use set::{ClosedLabels, LabelDescriber, Labels, LabelsOf, NoOpenLabels, Resolved, SameLabels, Unnamed};
pub use value::LabelValue;

#[doc(hidden)]
pub use crate::registry::LookUp;
