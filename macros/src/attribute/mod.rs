//! `#[timed]`, `#[counted]`, `#[tracked]` and `#[track_errors]`: what a function does is recorded.
//!
//! What needs no result is a statement at the start of the body: a guard ends when the body does, however that is. What
//! needs the result runs the body in a closure that is called at once, or in a future that is awaited at once: `return`
//! and `?` end there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, LitStr, Path, Result, ReturnType, spanned::Spanned};

mod arguments;
mod by_handle;
mod by_name;
mod function;
mod handle;
mod result_type;

use arguments::{Arguments, Target};
use function::Function;

/// Which attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Timed,
    Counted,
    Tracked,
    TrackErrors,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Timed => "timed",
            Self::Counted => "counted",
            Self::Tracked => "tracked",
            Self::TrackErrors => "track_errors",
        }
    }

    fn can_be_by_outcome(self) -> bool {
        matches!(self, Self::Timed | Self::Counted)
    }

    /// Where it records if nothing is said.
    fn default_target(self) -> Option<Target> {
        let name = LitStr::new("error_count", Span::call_site());
        (self == Self::TrackErrors).then(|| Target::Named { name, labels: Vec::new() })
    }

    fn nothing_given(self) -> String {
        let name = self.name();
        format!(
            "nothing says where to record; give a handle, `#[{name}(self.metric)]`, or a name, `#[{name}(\"name\")]`"
        )
    }
}

/// The function with the attribute at work; or what is wrong, and the function as it is, lest other errors follow.
pub(crate) fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    try_expand(kind, arguments, item.clone()).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#item #error)
    })
}

fn try_expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function = Function::read(kind, item)?;
    let Arguments { engine, target } = Arguments::read(kind, arguments)?;
    let body = match &target {
        Target::Handle { handle, by_outcome: true } => {
            by_handle::by_outcome(kind, &engine, handle, &function)?
        }
        Target::Handle { handle, .. } => by_handle::expand(kind, &engine, handle, &function)?,
        Target::Named { name, labels } => by_name::expand(kind, &engine, name, labels, &function)?,
    };
    Ok(function.with_body(body))
}

/// A variable of the macro's own scope, which the program's expressions cannot meet.
fn variable(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A reference to these tokens. Errors about its type point at them.
fn lent(tokens: impl ToTokens) -> TokenStream {
    let place = Span::call_site().located_at(tokens.span());
    quote_spanned!(place=> &(#tokens))
}

/// The body, run for its result.
fn run(engine: &Path, function: &Function) -> TokenStream {
    let body = function.wrapped_body();
    if function.is_async() { quote!(#body.await) } else { quote!(#engine::attributes::call(#body)) }
}

/// The variable of the body's result, which must tell whether it went well. Errors about that point at what the
/// function says it returns.
fn result(kind: Kind, function: &Function) -> Result<Ident> {
    let signature = function.signature();
    match &signature.output {
        ReturnType::Default => {
            let message = format!(
                "this function returns nothing, and so no error; `#[{}]` needs a `Result` here",
                kind.name()
            );
            Err(Error::new_spanned(&signature.ident, message))
        }
        ReturnType::Type(_, ty) => Ok(Ident::new("result", Span::mixed_site().located_at(ty.span()))),
    }
}
