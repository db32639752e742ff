//! The reasons of errors as label values, for the metric that counts them.

use super::RegisterErrorReason;

macro_rules! labels {
    ($($reason:pat => $label:literal,)*) => {
        impl RegisterErrorReason {
            /// The label value of every reason there is, each once: what [`as_str`](Self::as_str) can return.
            pub const LABELS: &'static [&'static str] = &[$($label),*];

            /// The reason as a label value: the variant's name in snake case, without what it holds. It stays the same
            /// from version to version.
            ///
            /// ```
            /// let error = tachometer::Registry::new().counter("bytes-sent", "Bytes sent.").unwrap_err();
            /// assert_eq!(error.reason().as_str(), "illegal_metric_name");
            /// ```
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self {
                    $($reason => $label,)*
                }
            }
        }
    };
}

labels! {
    Self::EmptyName => "empty_name",
    Self::IllegalMetricName => "illegal_metric_name",
    Self::UntranslatableName(_) => "untranslatable_name",
    Self::NameCollision { .. } => "name_collision",
    Self::LabelCollision { .. } => "label_collision",
    Self::IllegalPrefix(_) => "illegal_prefix",
    Self::IllegalLabelName(_) => "illegal_label_name",
    Self::ReservedLabel(_) => "reserved_label",
    Self::DuplicateLabel(_) => "duplicate_label",
    Self::DuplicateLabelValue { .. } => "duplicate_label_value",
    Self::TooManyLabels(_) => "too_many_labels",
    Self::UnnamedLabel => "unnamed_label",
    Self::MissingLabel(_) => "missing_label",
    Self::UnknownLabel(_) => "unknown_label",
    Self::LabelValueTooLong(_) => "label_value_too_long",
    Self::UnwritableLabelValue(_) => "unwritable_label_value",
    Self::UnitMismatch(_) => "unit_mismatch",
    Self::UnsuitableOption { .. } => "unsuitable_option",
    Self::TooManyCombinations { .. } => "too_many_combinations",
    Self::TooManyFamilies(_) => "too_many_families",
    Self::TooManyNames(_) => "too_many_names",
    Self::NameTooLong(_) => "name_too_long",
    Self::Reentry => "reentry",
    Self::TooManySeries(_) => "too_many_series",
    Self::Buckets(_) => "buckets",
    Self::TypeConflict { .. } => "type_conflict",
    Self::HelpConflict(_) => "help_conflict",
    Self::LabelsConflict(_) => "labels_conflict",
    Self::BucketsConflict => "buckets_conflict",
    Self::StatesConflict => "states_conflict",
    Self::OptionsConflict => "options_conflict",
    Self::CallbackExists => "callback_exists",
    Self::CollectorExists => "collector_exists",
    Self::NoCallbackTimeout => "no_callback_timeout",
    Self::SampleNameClash { .. } => "sample_name_clash",
    Self::DuplicateFamily => "duplicate_family",
    Self::DuplicateSeries => "duplicate_series",
    Self::WrongValue(_) => "wrong_value",
    Self::NoSlots => "no_slots",
    Self::DefaultExists => "default_exists",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_there_once() {
        let mut labels = RegisterErrorReason::LABELS.to_vec();
        labels.sort_unstable();
        assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
    }
}
