//! `#[derive(Metrics)]`: the fields of a struct are declared in a child registry.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Expr, Field, Fields, LitStr, Path, Result, Type, parse_quote, spanned::Spanned,
};

use crate::{
    input::{Errors, bounded, crate_path, default_crate, is_generic, read_keys, text},
    metric::{Member, Outer},
    names::{Spelling, prefix_problem},
};

/// What the attributes of the struct say.
struct Options {
    engine: Path,
    prefix: Option<LitStr>,
    common: Option<Type>,
    /// The name policy.
    names: Option<Expr>,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let options = Options::read(input, &mut errors);
    let outer = Outer { prefix: options.prefix(), has_policy: options.names.is_some() };
    let fields = named_fields(input).map_err(|error| errors.add(error)).unwrap_or_default();
    let members = fields.into_iter().filter_map(|field| Member::read(field, &outer, &mut errors));
    let members: Vec<_> = members.collect();
    check_names(&members, &mut errors);
    errors.finish(())?;
    Ok(expand(input, &options, &members))
}

impl Options {
    fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut options = Self { engine: default_crate(), prefix: None, common: None, names: None };
        read_keys(&input.attrs, "metrics", &["prefix", "common", "names", "crate"], errors, |key, meta| {
            match key {
                "prefix" => options.prefix = Some(text(meta)?),
                "common" => options.common = Some(meta.value()?.parse()?),
                "names" => options.names = Some(meta.value()?.parse()?),
                _ => options.engine = crate_path(meta)?,
            }
            Ok(())
        });
        // Taken out, so that the names that begin with it are not blamed for it.
        let spelling = Spelling::of(options.names.is_some());
        let problem = |prefix: &LitStr| prefix_problem(&prefix.value(), spelling);
        if let Some(prefix) = options.prefix.take_if(|prefix| problem(prefix).is_some()) {
            errors.at(&prefix, problem(&prefix).unwrap_or_default());
        }
        options
    }

    fn prefix(&self) -> String {
        self.prefix.as_ref().map(LitStr::value).unwrap_or_default()
    }
}

fn named_fields(input: &DeriveInput) -> Result<Vec<&Field>> {
    let (tokens, message) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => return Ok(fields.named.iter().collect()),
            Fields::Unnamed(fields) => {
                (fields.to_token_stream(), "metrics are named like fields; use a struct with named fields")
            }
            _ => (input.ident.to_token_stream(), "a struct without fields has no metrics; give it a field"),
        },
        Data::Enum(data) => {
            (data.enum_token.to_token_stream(), "an enum cannot hold metrics; use a struct with named fields")
        }
        Data::Union(data) => (
            data.union_token.to_token_stream(),
            "a union cannot hold metrics; use a struct with named fields",
        ),
    };
    Err(Error::new_spanned(tokens, message))
}

fn check_names(members: &[Member<'_>], errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for member in members {
        let Some(metric) = &member.metric else { continue };
        let (name, origin) = &metric.name;
        if let Some(twin) = seen.insert(name, member.ident) {
            errors
                .at(origin, format!("the metric `{name}` is that of the field `{twin}` already; rename one"));
        }
    }
}

fn expand(input: &DeriveInput, options: &Options, members: &[Member<'_>]) -> TokenStream {
    let (name, engine, prefix) = (&input.ident, &options.engine, options.prefix());
    let no_labels = parse_quote!(());
    let common = options.common.as_ref().unwrap_or(&no_labels);
    let bounds = members.iter().filter_map(|member| Some((member.ty, member.bound(&input.generics)?)));
    let bounds = bounds.chain([(common, quote!(Labels))]);
    let generics = bounded(&input.generics, engine, bounds);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (asserts, late_asserts) = asserts(input, engine, common, members);
    // Of the macro's own scope, so that an expression in `buckets` cannot meet them.
    let registry = Ident::new("registry", Span::mixed_site());
    let labels = Ident::new("common", Span::mixed_site());
    let fields = members.iter().map(|member| member.register(engine, &registry));
    let policy = options.names.iter();
    let scope = quote!(&#registry #(.with_name_policy(#policy))*);
    quote! {
        const _: () = {
            #asserts

            #[automatically_derived]
            #[allow(deprecated, clippy::trait_duplication_in_bounds)]
            impl #impl_generics #engine::Metrics for #name #ty_generics #where_clause {
                type Common = #common;

                fn register(
                    #registry: &#engine::Registry,
                    #labels: #common,
                ) -> ::core::result::Result<Self, #engine::RegisterError> {
                    #late_asserts
                    let #registry = #engine::Registry::child(#scope, #prefix, &#labels)?;
                    ::core::result::Result::Ok(Self { #(#fields,)* })
                }
            }
        };
    }
}

/// Checks of the fields' types: now, or for types that depend on parameters when these are known.
fn asserts(
    input: &DeriveInput,
    engine: &Path,
    common: &Type,
    members: &[Member<'_>],
) -> (TokenStream, TokenStream) {
    let (mut asserts, mut late_asserts) = (TokenStream::new(), TokenStream::new());
    let mut add = |ty: &Type, assert: TokenStream| {
        if is_generic(ty, &input.generics) {
            late_asserts.extend(quote!(const { #assert };));
        } else {
            asserts.extend(quote!(const _: () = #assert;));
        }
    };
    let named = quote_spanned! {common.span()=>
        assert!(
            <#common as #engine::Labels>::UNNAMED == 0,
            "common labels are a struct with `#[derive(Labels)]`, which has names for them"
        )
    };
    add(common, named);
    for member in members {
        member.asserts(engine).into_iter().for_each(|assert| add(member.ty, assert));
    }
    (asserts, late_asserts)
}
