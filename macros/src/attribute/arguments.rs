//! What an attribute is given: a handle, or a name and labels.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

use super::Kind;
use crate::{
    input::{Errors, default_crate},
    names::{Spelling, label_problem, metric_problem},
};

/// The arguments of an attribute.
pub(crate) struct Arguments {
    pub(crate) engine: Path,
    pub(crate) target: Target,
}

/// Where it records.
pub(crate) enum Target {
    /// In a handle that the program has.
    Handle { handle: Box<Expr>, by_outcome: bool },
    /// In the default collector.
    Named { name: LitStr, labels: Vec<Label> },
}

/// A label of a metric by name.
pub(crate) struct Label {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// One argument.
enum Argument {
    Engine(Ident, Path),
    Label(Label),
    Other(Expr),
}

impl Arguments {
    pub(crate) fn read(kind: Kind, tokens: TokenStream) -> Result<Self> {
        let parsed = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut engine = None;
        let mut target: Option<Target> = None;
        let mut errors = Errors::default();
        for argument in parsed {
            let added = match (argument, &mut target) {
                (Argument::Engine(key, _), _) if engine.is_some() => {
                    Err(Error::new_spanned(key, "`crate` is given twice; leave one out"))
                }
                (Argument::Engine(_, path), _) => {
                    engine = Some(path);
                    Ok(())
                }
                (argument, Some(target)) => target.add(argument, kind),
                (argument, None) => Target::of(argument, kind).map(|first| target = Some(first)),
            };
            if let Err(error) = added {
                errors.add(error);
            }
        }
        errors.finish(())?;
        let target = target.or_else(|| kind.default_target());
        let target = target.ok_or_else(|| Error::new(Span::call_site(), kind.nothing_given()))?;
        target.check(kind)?;
        Ok(Self { engine: engine.unwrap_or_else(default_crate), target })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Ident::peek_any) || !input.peek2(Token![=]) || input.peek2(Token![==]) {
            return input.parse().map(|expression| Self::Other(bare(expression)));
        }
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        if name == "crate" {
            return Ok(Self::Engine(name, input.call(Path::parse_mod_style)?));
        }
        Ok(Self::Label(Label { name, value: bare(input.parse()?) }))
    }
}

impl Target {
    /// The target that the first argument says, `crate` aside.
    fn of(argument: Argument, kind: Kind) -> Result<Self> {
        match argument {
            Argument::Other(Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) => {
                Ok(Self::Named { name, labels: Vec::new() })
            }
            Argument::Other(handle) => Ok(Self::Handle { handle: Box::new(handle), by_outcome: false }),
            Argument::Label(label) => match kind.default_target() {
                Some(Self::Named { name, .. }) => Ok(Self::Named { name, labels: vec![label] }),
                _ => Err(Error::new_spanned(label.name, kind.nothing_given())),
            },
            Argument::Engine(key, _) => Err(Error::new_spanned(key, kind.nothing_given())),
        }
    }

    /// Adds what a further argument says.
    fn add(&mut self, argument: Argument, kind: Kind) -> Result<()> {
        let attribute = kind.name();
        match (self, argument) {
            (Self::Named { labels, .. }, Argument::Label(label)) => {
                labels.push(label);
                Ok(())
            }
            (Self::Handle { by_outcome, .. }, Argument::Other(word))
                if kind.can_be_by_outcome() && is_outcome(&word) =>
            {
                if std::mem::replace(by_outcome, true) {
                    return Err(Error::new_spanned(word, "`outcome` is given twice; leave one out"));
                }
                Ok(())
            }
            (Self::Named { .. }, Argument::Other(word)) if is_outcome(&word) => Err(Error::new_spanned(
                word,
                "only a family can be by outcome; give the family instead of a name",
            )),
            (Self::Named { .. }, Argument::Other(word)) => Err(Error::new_spanned(
                word,
                format!(
                    "behind the name come labels, each with its value: `#[{attribute}(\"...\", label = value)]`"
                ),
            )),
            (Self::Handle { .. }, Argument::Label(label)) => Err(Error::new_spanned(
                label.name,
                "a handle has its labels already; choose the series by the expression, `family[value]` or \
                 `family.with(value)`",
            )),
            (Self::Handle { .. }, Argument::Other(word)) if kind.can_be_by_outcome() => {
                Err(Error::new_spanned(
                    word,
                    format!(
                        "behind the handle there can be `outcome` and `crate`: `#[{attribute}(family, outcome)]`"
                    ),
                ))
            }
            (Self::Handle { .. }, Argument::Other(word)) => Err(Error::new_spanned(
                word,
                "behind the handle there can only be `crate = path`; leave this out",
            )),
            (_, Argument::Engine(..)) => Ok(()),
        }
    }

    /// Looks at the names.
    fn check(&self, kind: Kind) -> Result<()> {
        let Self::Named { name, labels } = self else { return Ok(()) };
        let mut errors = Errors::default();
        if let Some(problem) = metric_problem(&name.value(), Spelling::Legal) {
            errors.at(name, problem);
        }
        for (index, Label { name, .. }) in labels.iter().enumerate() {
            let text = name.unraw().to_string();
            if let Some(problem) = label_problem(&text, Spelling::Legal) {
                errors.at(name, problem);
            } else if text == "le" && kind == Kind::Timed {
                errors.at(name, "the label name `le` is reserved in histograms; choose another");
            }
            if labels[..index].iter().any(|other| other.name.unraw() == text) {
                errors.at(name, format!("the label `{text}` is given twice; leave one out"));
            }
        }
        errors.finish(())
    }
}

/// The expression without the group that a macro puts around what it was given.
fn bare(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => bare(*group.expr),
        expression => expression,
    }
}

fn is_outcome(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("outcome"))
}
