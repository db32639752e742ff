//! What all derives do with their input: they gather errors, read attributes and add bounds.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Error, GenericParam, Generics, LitStr, Path, Result, Type, meta::ParseNestedMeta, parse_quote,
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
    let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    match known.as_str() {
        "" => format!("`#[{name}({path})]` means nothing here; leave it out"),
        known => format!("there is no `{path}` here; `#[{name}(...)]` takes {known}"),
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

/// Says what is wrong with the names that do not fit, at the attribute or the field that they come from.
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
    mentions(ty.to_token_stream(), &|ident| *ident == "Self" || parameters.contains(&ident))
}

fn mentions(tokens: TokenStream, is_parameter: &impl Fn(&proc_macro2::Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is_parameter(&ident),
        TokenTree::Group(group) => mentions(group.stream(), is_parameter),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The generics with a bound for each type that depends on them. The compiler checks the others by itself, and points at
/// the field.
pub(crate) fn bounded<'a>(
    generics: &Generics,
    bounds: impl IntoIterator<Item = (&'a Type, TokenStream)>,
) -> Generics {
    let mut bounded = generics.clone();
    for (ty, bound) in bounds {
        if is_generic(ty, generics) {
            bounded.make_where_clause().predicates.push(parse_quote!(#ty: #bound));
        }
    }
    bounded
}
