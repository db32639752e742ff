//! What all derives do with their input: they gather errors, read attributes and add bounds.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, GenericParam, Generics, Lit, LitStr, Path, Result, Type, meta::ParseNestedMeta,
    parse_quote, spanned::Spanned,
};

/// The errors found so far: a programmer sees all of them at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Adds an error that points at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// What there is, or all errors.
    pub(crate) fn finish<T>(self, there: T) -> Result<T> {
        self.0.map_or(Ok(there), Err)
    }
}

/// Hands each `key`, `key = value` or `key(...)` of the attributes `#[name(...)]` to `read`, which reads its value.
///
/// `known` are the keys that there may be, each once.
pub(crate) fn read_keys(
    attributes: &[Attribute],
    name: &str,
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) {
    let mut seen = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        if let Ok(value) = attribute.parse_args::<Lit>() {
            errors.at(value, format!("a value by itself means nothing here; {}", takes(name, known)));
            continue;
        }
        let result = attribute.parse_nested_meta(|meta| {
            let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            if !known.contains(&key.as_str()) {
                return Err(Error::new_spanned(&meta.path, unknown(&meta.path, name, known)));
            }
            if seen.contains(&key) {
                let message = format!("`{key}` is given twice; leave one out");
                return Err(Error::new_spanned(&meta.path, message));
            }
            read(&key, &meta)?;
            seen.push(key);
            Ok(())
        });
        if let Err(error) = result {
            errors.add(error);
        }
    }
}

fn unknown(path: &Path, name: &str, known: &[&str]) -> String {
    let path = path.to_token_stream().to_string().replace(' ', "");
    match known {
        [] => format!("`{path}` means nothing here; {}", takes(name, known)),
        _ => format!("there is no `{path}` here; {}", takes(name, known)),
    }
}

fn takes(name: &str, known: &[&str]) -> String {
    match known {
        [] => format!("leave `#[{name}(...)]` out"),
        known => {
            let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            // Two attributes that are easily confused.
            let other = match (name, known.as_str()) {
                ("metric", _) => ", and `#[metrics(...)]` takes `nested`",
                ("metrics", "`nested`") => ", and `#[metric(...)]` takes the others",
                _ => "",
            };
            format!("`#[{name}(...)]` takes {known}{other}")
        }
    }
}

/// The text of `key = "text"`.
pub(crate) fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

/// The path of `crate = path`.
pub(crate) fn crate_path(meta: &ParseNestedMeta<'_>) -> Result<Path> {
    meta.value()?.call(Path::parse_mod_style)
}

/// Where the engine is, unless `crate = path` says so.
pub(crate) fn default_crate() -> Path {
    parse_quote!(::tachometer)
}

/// Refuses whatever the attributes `#[name(...)]` say.
pub(crate) fn unexpected(attributes: &[Attribute], name: &str, errors: &mut Errors) {
    read_keys(attributes, name, &[], errors, |_, _| Ok(()));
}

/// Whether a type depends on the parameters of the struct that it is used in, lifetimes aside.
///
/// Goes by the tokens, so a path that merely has a parameter's name in it counts too: a bound too many does no harm.
pub(crate) fn is_generic(ty: &Type, generics: &Generics) -> bool {
    let parameters = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(ty) => Some(&ty.ident),
        GenericParam::Const(constant) => Some(&constant.ident),
        GenericParam::Lifetime(_) => None,
    });
    let parameters: Vec<_> = parameters.collect();
    any(ty.to_token_stream(), &|token| match token {
        TokenTree::Ident(ident) => ident == "Self" || parameters.contains(&ident),
        _ => false,
    })
}

fn has_lifetime(ty: &Type) -> bool {
    any(ty.to_token_stream(), &|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\''))
}

/// Whether this holds for any of the tokens, those in brackets among them.
fn any(tokens: TokenStream, is: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any(group.stream(), is),
        _ => is(&token),
    })
}

/// The type behind shared references, which are label values when it is one. It has fewer lifetimes.
pub(crate) fn referent(ty: &Type) -> &Type {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => referent(&reference.elem),
        _ => ty,
    }
}

/// The generics with a bound for each of these types, by a trait of the engine.
///
/// Types without parameters get one too. If it does not hold, that is the one error there is: all else takes the
/// bound for granted. Not so types that only have lifetimes: two bounds that differ in these alone are ambiguous to
/// the compiler.
pub(crate) fn bounded<'a>(
    generics: &Generics,
    engine: &Path,
    bounds: impl IntoIterator<Item = (&'a Type, TokenStream)>,
) -> Generics {
    let mut bounded = generics.clone();
    let mut seen = BTreeSet::new();
    for (ty, bound) in bounds {
        // What is placed in the program is seen by its lints, which would find a repetition.
        if !seen.insert(quote!(#ty: #bound).to_string()) {
            continue;
        }
        let bound = match (is_generic(ty, generics), has_lifetime(ty)) {
            (true, _) => quote!(#engine::#bound),
            (false, false) => placed(engine, bound, ty),
            (false, true) => continue,
        };
        bounded.make_where_clause().predicates.push(parse_quote!(#ty: #bound));
    }
    bounded
}

/// `engine::bound`, at the place of the type: an error about a bound points at the tokens of the bound.
fn placed(engine: &Path, bound: TokenStream, ty: &Type) -> TokenStream {
    let is_default = engine.to_token_stream().to_string() == default_crate().to_token_stream().to_string();
    let mut place = ty.span();
    let end = ty.to_token_stream().into_iter().last().map_or(place, |last| last.span());
    // The error reaches from the place of the first token to that of the last, if both are in the same source.
    let mut place_at = |mut token: TokenTree, is_given: bool| {
        // A path that was given means what it meant where it was written, such as `$crate`.
        token.set_span(if is_given { place.resolved_at(token.span()) } else { place });
        place = end;
        token
    };
    let engine = engine.to_token_stream().into_iter();
    let mut placed: TokenStream = engine.map(|token| place_at(token, !is_default)).collect();
    placed.extend(quote!(::#bound).into_iter().map(|token| place_at(token, false)));
    placed
}
