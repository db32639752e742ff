//! Attributes that record by name, in the default collector.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, ExprLit, Lit, LitStr, Path, Result, ext::IdentExt};

use super::{Kind, arguments::Label, function::Function, lent, result, run, variable};

/// The label that says which error it was.
const ERROR_TYPE: &str = "error_type";
/// The label that says where.
const FUNCTION: &str = "function";

/// The body, with what the attribute does around it.
pub(crate) fn expand(
    kind: Kind,
    engine: &Path,
    name: &LitStr,
    labels: &[Label],
    function: &Function,
) -> Result<TokenStream> {
    if kind == Kind::TrackErrors {
        return track_errors(engine, name, labels, function);
    }
    let (texts, pairs, guard) = (variable("texts"), variable("pairs"), variable("_guard"));
    let write = write(engine, &texts, labels.iter().map(|label| pair(engine, label)).collect());
    let body = function.last_body();
    let write = quote!(#write let #pairs = #engine::attributes::pairs(&#texts););
    Ok(match kind {
        Kind::Timed => {
            quote!(#write let #guard = #engine::attributes::time_by_name(#name, &#pairs); #body)
        }
        Kind::Tracked => {
            quote!(#write let #guard = #engine::attributes::track_by_name(#name, &#pairs); #body)
        }
        Kind::Counted | Kind::TrackErrors => {
            quote!({ #write #engine::attributes::count_by_name(#name, &#pairs); } #body)
        }
    })
}

/// The labels are written before the body runs, which may take away what they are made of.
fn track_errors(engine: &Path, name: &LitStr, labels: &[Label], function: &Function) -> Result<TokenStream> {
    let result = result(Kind::TrackErrors, function)?;
    let (texts, error, lent) = (variable("texts"), variable("error"), lent(&result));
    let is_given = |name: &str| labels.iter().any(|label| label.name.unraw() == name);
    let mut all: Vec<_> = labels.iter().map(|label| pair(engine, label)).collect();
    if !is_given(FUNCTION) {
        let text = function.name();
        all.push(quote!((#FUNCTION, #engine::attributes::literal(#text))));
    }
    let count = if is_given(ERROR_TYPE) {
        quote!(#engine::attributes::count_by_name(#name, &#engine::attributes::pairs(&#texts)))
    } else {
        // In front, and known when there is an error.
        all.insert(0, quote!((#ERROR_TYPE, #engine::attributes::literal(""))));
        quote!({
            // `ErrorLabel` if the error implements it, else the name of its type.
            use #engine::attributes::{ByLabel as _, ByTypeName as _};
            let #error = (&#engine::attributes::ErrorType(#error)).error_type();
            #engine::attributes::count_error_by_name(#name, #error, #texts);
        })
    };
    let (write, run) = (write(engine, &texts, all), run(engine, function));
    Ok(quote! {
        #write
        let #result = #run;
        if let ::core::option::Option::Some(#error) = #engine::attributes::error_of(#lent) {
            #count
        }
        #result
    })
}

/// Makes `texts` an array of pairs.
fn write(engine: &Path, texts: &Ident, pairs: Vec<TokenStream>) -> TokenStream {
    let count = pairs.len();
    quote!(let #texts: [(&'static str, #engine::attributes::Text); #count] = [#(#pairs),*];)
}

fn pair(engine: &Path, Label { name, value }: &Label) -> TokenStream {
    let name = name.unraw().to_string();
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            quote!((#name, #engine::attributes::literal(#text)))
        }
        value => {
            let lent = lent(value);
            quote!((#name, #engine::attributes::text(#lent)))
        }
    }
}
