//! What a registry says of exemplars that it has not got.

use super::Registry;
use crate::ExemplarProblem;

impl Registry {
    /// How many sampled records of this registry and its children have no exemplar for this reason. Their values were
    /// recorded all the same. 0 where the registry records no [`exemplars`](crate::RegistryBuilder::exemplars).
    ///
    /// ```
    /// use tachometer::{ExemplarProblem, Exemplars, Registry};
    ///
    /// let registry = Registry::builder().exemplars(Exemplars::one_in(1)).build()?;
    /// let orders = registry.counter("orders_total", "Orders placed.")?;
    /// orders.add_with_exemplar(1, [("trace_id", "x".repeat(200))]);
    /// assert_eq!(orders.value(), 1);
    /// assert_eq!(registry.exemplar_problems(ExemplarProblem::TooLong), 1);
    /// # Ok::<(), tachometer::RegisterError>(())
    /// ```
    #[must_use]
    pub fn exemplar_problems(&self, problem: ExemplarProblem) -> u64 {
        self.catalog.extras.exemplars.as_ref().map_or(0, |source| source.problems(problem))
    }
}
