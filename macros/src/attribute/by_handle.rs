//! Attributes that record in a handle.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Path, Result, spanned::Spanned};

use super::{Kind, function::Function, handle::must_be_cloned, lent, result, run, variable};

/// The body, with what the attribute does around it.
pub(crate) fn expand(
    kind: Kind,
    engine: &Path,
    expression: &Expr,
    function: &Function,
) -> Result<TokenStream> {
    let (handle, guard, body) = (handle_at(expression), variable("_guard"), function.last_body());
    let bind = bind(&handle, expression, function);
    Ok(match kind {
        Kind::Timed => quote!(#bind let #guard = #engine::attributes::time(#handle); #body),
        Kind::Tracked => quote!(#bind let #guard = #engine::attributes::track(#handle); #body),
        Kind::Counted => {
            let handle = lent(expression);
            quote!(#engine::attributes::count(#handle); #body)
        }
        Kind::TrackErrors => {
            let result = result(kind, function)?;
            let (run, lent, name) = (run(engine, function), lent(&result), function.name());
            quote! {
                #bind
                let #result = #run;
                #engine::attributes::count_error(#lent, #handle, #name);
                #result
            }
        }
    })
}

/// The same for a family by outcome.
pub(crate) fn by_outcome(
    kind: Kind,
    engine: &Path,
    expression: &Expr,
    function: &Function,
) -> Result<TokenStream> {
    let (handle, guard, result) = (handle_at(expression), variable("guard"), result(kind, function)?);
    let bind = bind(&handle, expression, function);
    let start = match kind {
        Kind::Timed => quote!(time_by_outcome),
        _ => quote!(count_by_outcome),
    };
    let run = run_watched(engine, &guard, &result, function);
    Ok(quote! {
        #bind
        let mut #guard = #engine::attributes::#start(#handle);
        #run
        #engine::attributes::finish(#guard, #result)
    })
}

/// Makes `result` that of the body, whose own panics the guard gets to know.
fn run_watched(engine: &Path, guard: &Ident, result: &Ident, function: &Function) -> TokenStream {
    let wrapped = function.wrapped_body();
    if !function.is_async() {
        return quote!(let #result = #engine::attributes::call_watched(&mut #guard, #wrapped););
    }
    let body = variable("body");
    // Pinned here: a future that is handed to another one by value takes its bytes twice.
    quote! {
        let #body = ::core::pin::pin!(#wrapped);
        let #result = #engine::attributes::watched(&mut #guard, #body).await;
    }
}

/// The variable of the handle. Errors about its type point at the expression.
fn handle_at(expression: &Expr) -> Ident {
    Ident::new("handle", Span::mixed_site().located_at(expression.span()))
}

/// Makes `handle` a reference to what the expression gives, for as long as the body runs.
fn bind(handle: &Ident, expression: &Expr, function: &Function) -> TokenStream {
    if !must_be_cloned(expression, function.signature()) {
        let lent = lent(expression);
        return quote!(let #handle = #lent;);
    }
    let clone = variable("clone");
    quote! {
        // Of what cannot be cloned, the reference is.
        #[allow(noop_method_call, suspicious_double_ref_op)]
        let #clone = {
            use ::core::clone::Clone as _;
            (#expression).clone()
        };
        let #handle = &#clone;
    }
}
