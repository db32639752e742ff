//! One field of a struct of metrics: what its attributes say, and how it is registered.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Error, Expr, Field, Generics, LitStr, Path, Result, Token, Type, ext::IdentExt, meta::ParseNestedMeta,
    parenthesized, punctuated::Punctuated, spanned::Spanned,
};

use crate::{
    help,
    input::{Errors, is_generic, read_keys, text, unexpected},
    names::{Spelling, has_unit, label_problem, metric_problem},
};

/// A field.
pub(crate) struct Member<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    /// `None` when the field is a struct of metrics itself.
    pub(crate) metric: Option<Metric>,
}

/// What is declared.
pub(crate) struct Metric {
    /// Without the prefix, and the token that it comes from.
    pub(crate) name: (String, TokenStream),
    help: String,
    options: Options,
}

/// What a field needs to know of the struct around it.
pub(crate) struct Outer {
    pub(crate) prefix: String,
    /// Whether it has a name policy.
    pub(crate) has_policy: bool,
}

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    help: Option<LitStr>,
    unit: Option<LitStr>,
    labels: Vec<LitStr>,
    /// With the key, which errors about the value point at.
    buckets: Option<(Path, Expr)>,
    absent_until_set: Option<Path>,
    /// The name policy.
    names: Option<Expr>,
}

const KEYS: [&str; 8] = ["name", "help", "label", "labels", "unit", "buckets", "absent_until_set", "names"];

impl<'a> Member<'a> {
    /// The field with its attributes.
    pub(crate) fn read(field: &'a Field, outer: &Outer, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let mut nested = false;
        read_keys(&field.attrs, "metrics", &["nested"], errors, |_, _| {
            nested = true;
            Ok(())
        });
        if nested {
            unexpected(&field.attrs, "metric", errors);
            return Some(Self { ident, ty: &field.ty, metric: None });
        }
        let options = Options::read(field, errors);
        let spelling = Spelling::of(outer.has_policy || options.names.is_some());
        options.check_labels(spelling, errors);
        let name = match &options.name {
            Some(name) => (name.value(), name.to_token_stream()),
            None => (ident.unraw().to_string(), ident.to_token_stream()),
        };
        let full = full_name(&outer.prefix, &name.0);
        if let Some(problem) = metric_problem(&full, spelling) {
            errors.at(&name.1, problem);
        }
        if spelling == Spelling::Legal {
            options.check_unit(&full, errors);
        }
        let help = match &options.help {
            Some(help) => Some(help.value()),
            None => help::of_doc_comment(&field.attrs),
        };
        if help.is_none() {
            let message =
                "the metric has no help text: give it a doc comment, or `#[metric(help = \"...\")]`";
            errors.at(ident, message);
        }
        let metric = Metric { name, help: help?, options };
        Some(Self { ident, ty: &field.ty, metric: Some(metric) })
    }
}

fn full_name(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}_{name}") }
}

impl Options {
    fn read(field: &Field, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        read_keys(&field.attrs, "metric", &KEYS, errors, |key, meta| {
            match key {
                "name" => options.name = Some(text(meta)?),
                "help" => options.help = Some(text(meta)?),
                "unit" => options.unit = Some(text(meta)?),
                "buckets" => options.buckets = Some((meta.path.clone(), meta.value()?.parse()?)),
                "absent_until_set" => options.absent_until_set = Some(meta.path.clone()),
                "names" => options.names = Some(meta.value()?.parse()?),
                _ if !options.labels.is_empty() => {
                    let message = "`label` and `labels` are one too many; name all labels in `labels(...)`";
                    return Err(Error::new_spanned(&meta.path, message));
                }
                "label" => options.labels.push(text(meta)?),
                _ => options.labels = label_list(meta)?,
            }
            Ok(())
        });
        options
    }

    fn check_labels(&self, spelling: Spelling, errors: &mut Errors) {
        for (index, label) in self.labels.iter().enumerate() {
            if let Some(problem) = label_problem(&label.value(), spelling) {
                errors.at(label, problem);
            }
            if self.labels[..index].iter().any(|other| other.value() == label.value()) {
                errors.at(label, format!("the label `{}` occurs twice; rename one", label.value()));
            }
        }
    }

    fn check_unit(&self, name: &str, errors: &mut Errors) {
        let Some(unit) = &self.unit else { return };
        if !has_unit(name, &unit.value()) {
            let message = format!(
                "the name `{name}` does not end in the unit `{}` (before `_total`); rename it, or leave the unit out",
                unit.value()
            );
            errors.at(unit, message);
        }
    }
}

/// The names in `labels("a", "b")`.
fn label_list(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    if !meta.input.peek(syn::token::Paren) {
        return Err(Error::new_spanned(&meta.path, "`labels` takes a list, `labels(\"a\", \"b\")`"));
    }
    let list;
    parenthesized!(list in meta.input);
    let labels = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?;
    if labels.is_empty() {
        return Err(Error::new_spanned(&meta.path, "`labels` names no label; leave it out"));
    }
    Ok(labels.into_iter().collect())
}

impl Member<'_> {
    /// What the field's type must implement, where the compiler would not ask for it by itself or point elsewhere.
    pub(crate) fn bound(&self, generics: &Generics) -> Option<TokenStream> {
        match self.metric {
            Some(_) if is_generic(self.ty, generics) => Some(quote!(Instrument)),
            Some(_) => None,
            None => Some(quote!(derived::Nested)),
        }
    }

    /// `field: registration`, in a function that returns its errors.
    pub(crate) fn register(&self, engine: &Path, registry: &Ident) -> TokenStream {
        let (ident, ty) = (self.ident, self.ty);
        let Some(metric) = &self.metric else {
            return quote!(#ident: <#ty as #engine::derived::Nested>::register_nested(&#registry)?);
        };
        let (name, help) = (&metric.name.0, &metric.help);
        let policy = metric.options.names.iter();
        let unit = metric.options.unit.iter();
        let buckets = metric.options.buckets.iter().map(|(_, buckets)| buckets);
        let absent = metric.options.absent_until_set.iter().map(|_| quote!(.absent_until_set()));
        let labels = match metric.options.labels.as_slice() {
            [] => TokenStream::new(),
            [label] => quote!(.label(#label)),
            labels => quote!(.labels([#(#labels),*])),
        };
        let declaration = quote! {
            #registry.declare(#name, #help) #(.name_policy(#policy))* #(.unit(#unit))*
                #labels #(.buckets(#buckets))* #(#absent)*
        };
        quote!(#ident: <#ty as #engine::Instrument>::register(#declaration)?)
    }

    /// What must be true of the field's type for the options to suit it: expressions that panic at compile time.
    pub(crate) fn asserts(&self, engine: &Path) -> Vec<TokenStream> {
        let Some(Metric { options, .. }) = &self.metric else { return Vec::new() };
        let ty = self.ty;
        let fit = quote!(<#ty as #engine::Instrument>::FIT);
        let mut asserts = vec![options.assert_names(&fit, ty.span())];
        let mut assert = |span: Span, check: TokenStream, message: &str| {
            asserts.push(quote_spanned!(span=> assert!(#fit.#check, #message)));
        };
        assert(
            ty.span(),
            quote!(has_few_combinations()),
            "the closed labels of this family have more than 65,536 combinations of values, each of which would be a \
             series; use fewer",
        );
        if let Some((key, _)) = &options.buckets {
            assert(key.span(), quote!(takes_buckets()), "only a histogram has buckets; leave them out");
        }
        if let Some(key) = &options.absent_until_set {
            let message = "only a gauge can be absent until it is set; leave `absent_until_set` out";
            assert(key.span(), quote!(takes_absent_until_set()), message);
        }
        asserts
    }
}

impl Options {
    /// Panics unless there is a name for each label that has none of its own.
    fn assert_names(&self, fit: &TokenStream, type_span: Span) -> TokenStream {
        let given = self.labels.len();
        let Some(first) = self.labels.first() else {
            let message = "the labels of this family have no names; add `#[metric(label = \"...\")]` for one label, \
                           `labels(...)` for a tuple";
            return quote_spanned!(type_span=> assert!(#fit.takes_names(0), #message));
        };
        quote_spanned! {first.span()=>
            if #fit.takes_names(#given) {
            } else if #fit.takes_names(0) {
                panic!("this metric has no labels to name: a struct of labels names its own, and a handle has none")
            } else {
                panic!("this family has another number of labels than names are given; give one for each")
            }
        }
    }
}
