//! What a name may be. The engine asks the same when a metric is registered; a literal is refused at compile time.

/// What names may consist of.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Spelling {
    /// What they may be exposed with.
    Legal,
    /// Anything, because a name policy translates them.
    Any,
}

impl Spelling {
    pub(crate) fn of(has_policy: bool) -> Self {
        if has_policy { Self::Any } else { Self::Legal }
    }
}

/// What is wrong with a label's name.
pub(crate) fn label_problem(name: &str, spelling: Spelling) -> Option<String> {
    if name.is_empty() {
        return Some("the label name is empty; give it one".to_owned());
    }
    if spelling == Spelling::Legal && !is_name(name, |_| false) {
        return Some(format!(
            "the label name `{name}` may hold only ASCII letters, digits and `_`, and must not begin with a digit"
        ));
    }
    let reserved = matches!(name, "quantile" | "overflow") || name.starts_with("__");
    reserved.then(|| format!("the label name `{name}` is reserved; choose another"))
}

/// What is wrong with a metric's name, which begins with the prefix of its struct.
pub(crate) fn metric_problem(name: &str, spelling: Spelling) -> Option<String> {
    if name.is_empty() {
        return Some("the metric name is empty; give it one".to_owned());
    }
    (spelling == Spelling::Legal && !is_name(name, |byte| byte == b':')).then(|| {
        format!(
            "the metric name `{name}` may hold only ASCII letters, digits, `_` and `:`, and must not begin with a digit"
        )
    })
}

/// What is wrong with the prefix of a struct.
pub(crate) fn prefix_problem(prefix: &str, spelling: Spelling) -> Option<String> {
    if prefix.is_empty() {
        return Some("the prefix is empty; leave it out".to_owned());
    }
    (spelling == Spelling::Legal && !is_name(prefix, |byte| byte == b':')).then(|| {
        format!(
            "the prefix `{prefix}` may hold only ASCII letters, digits, `_` and `:`, and must not begin with a digit"
        )
    })
}

/// Whether a metric's name ends in this unit, but for a `_total`.
pub(crate) fn has_unit(name: &str, unit: &str) -> bool {
    let before = name.strip_suffix("_total").unwrap_or(name).strip_suffix(unit);
    !unit.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

fn is_name(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || also(byte);
    name.bytes().next().is_some_and(|first| !first.is_ascii_digit()) && name.bytes().all(legal)
}
