//! Errors of metrics by name, counted by what they are.

use crate::{
    error::{RegisterError, RegisterErrorReason as Reason},
    problems::{NamedProblem, count_problem},
};

/// Passes the error on, and counts it. Called where an error is made: whole results would have to be carried through
/// the path of a record that is right.
#[cold]
pub(super) fn counted(error: RegisterError) -> RegisterError {
    count_problem(problem(error.reason()));
    error
}

fn problem(reason: &Reason) -> NamedProblem {
    match reason {
        Reason::UnknownLabel(_) => NamedProblem::UndeclaredLabel,
        Reason::DuplicateLabel(_) | Reason::LabelCollision { .. } => NamedProblem::DuplicateLabel,
        Reason::TypeConflict { .. } => NamedProblem::TypeConflict,
        Reason::TooManyNames(_) => NamedProblem::TooManyNames,
        Reason::Reentry => NamedProblem::Reentry,
        Reason::SampleNameClash { .. }
        | Reason::HelpConflict(_)
        | Reason::LabelsConflict(_)
        | Reason::BucketsConflict
        | Reason::OptionsConflict => NamedProblem::Conflict,
        _ => NamedProblem::IllegalDeclaration,
    }
}
