//! What a row is judged by.

use std::fmt::{self, Display};

/// The figure of a row, and the bound it should keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Other's time divided by ours: at least so many times as fast.
    Faster(f64),
    /// Our time divided by the other's: at most so many times as slow.
    Within(f64),
    /// Our time minus the other's, in nanoseconds: at most so much more.
    Over(f64),
    /// Ours alone, in this unit: at most so much. The other side is there to be looked at.
    AtMost(f64, &'static str),
}

impl Target {
    /// The figure of one round.
    pub(crate) fn figure(self, ours_ns: f64, other_ns: f64) -> f64 {
        match self {
            Self::Faster(_) => other_ns / ours_ns,
            Self::Within(_) => ours_ns / other_ns,
            Self::Over(_) => ours_ns - other_ns,
            Self::AtMost(..) => ours_ns,
        }
    }

    /// Whether a figure keeps the bound.
    pub(crate) fn is_met(self, figure: f64) -> bool {
        match self {
            Self::Faster(bound) => figure >= bound,
            Self::Within(bound) | Self::Over(bound) | Self::AtMost(bound, _) => figure <= bound,
        }
    }

    /// A figure as a table shows it.
    pub(crate) fn show(self, figure: f64) -> String {
        match self {
            Self::Faster(_) | Self::Within(_) => format!("{figure:.2}"),
            Self::Over(_) => format!("{figure:+.2} ns"),
            Self::AtMost(_, unit) => format!("{figure:.2} {unit}"),
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faster(bound) => write!(f, ">= {bound}"),
            Self::Within(bound) => write!(f, "<= {bound}"),
            Self::Over(bound) => write!(f, "<= +{bound} ns"),
            Self::AtMost(bound, unit) => write!(f, "<= {bound} {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_direction() {
        for (target, ours, other, figure, met) in [
            (Target::Faster(6.0), 1.0, 6.0, 6.0, true),
            (Target::Faster(6.0), 1.0, 5.0, 5.0, false),
            (Target::Within(1.5), 3.0, 2.0, 1.5, true),
            (Target::Within(1.5), 4.0, 2.0, 2.0, false),
            (Target::Over(1.5), 2.0, 0.5, 1.5, true),
            (Target::Over(1.5), 2.5, 0.5, 2.0, false),
            (Target::AtMost(2.0, "ns"), 1.5, 9.0, 1.5, true),
            (Target::AtMost(2.0, "ns"), 2.5, 9.0, 2.5, false),
        ] {
            assert_eq!(target.figure(ours, other), figure, "{target}");
            assert_eq!(target.is_met(figure), met, "{target}");
        }
        assert_eq!(Target::Over(1.5).show(-0.004), "-0.00 ns");
        assert_eq!(Target::Faster(6.0).to_string(), ">= 6");
    }
}
