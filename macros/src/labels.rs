//! `#[derive(Labels)]`: the fields of a struct become labels.
//!
//! Which of them are open and which closed the macro does not know; the types of the fields do. So the lists of open
//! and of closed labels are made of the fields' lists, each with the next field's behind it.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Field, Fields, Generics, Ident, LitStr, Path, Result, Type, ext::IdentExt,
    spanned::Spanned,
};

use crate::{
    input::{Errors, bounded, crate_path, default_crate, is_generic, read_keys, referent, text},
    names::{Spelling, label_problem},
};

/// A field that is not skipped.
struct LabelField<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    /// `None` when the field is a set of labels itself.
    name: Option<String>,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let (mut engine, mut spelling) = (default_crate(), Spelling::Legal);
    read_keys(&input.attrs, "label", &["translated", "crate"], &mut errors, |key, meta| {
        match key {
            "translated" => spelling = Spelling::Any,
            _ => engine = crate_path(meta)?,
        }
        Ok(())
    });
    let fields = named_fields(input).map_err(|error| errors.add(error)).unwrap_or_default();
    let fields: Vec<_> = fields.into_iter().filter_map(|field| read(field, spelling, &mut errors)).collect();
    check_names(&fields, &mut errors);
    errors.finish(())?;
    Ok(expand(input, &engine, &fields))
}

fn named_fields(input: &DeriveInput) -> Result<Vec<&Field>> {
    let (tokens, message) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Ok(fields.named.iter().collect()),
            Fields::Unit => return Ok(Vec::new()),
            fields => (
                fields.to_token_stream(),
                "labels are named like fields; give the fields names, or use `#[derive(LabelValue)]` for a newtype \
                 that is one label's value",
            ),
        },
        Data::Enum(data) => (
            data.enum_token.to_token_stream(),
            "an enum is the value of one label: use `#[derive(LabelValue)]`; several labels are a struct",
        ),
        Data::Union(data) => (
            data.union_token.to_token_stream(),
            "a union is no set of labels; use a struct with named fields",
        ),
    };
    Err(Error::new_spanned(tokens, message))
}

/// The label or the labels of a field, unless it is skipped.
fn read<'a>(field: &'a Field, spelling: Spelling, errors: &mut Errors) -> Option<LabelField<'a>> {
    let ident = field.ident.as_ref()?;
    let (mut name, mut flatten, mut skip) = (None::<LitStr>, None, None);
    read_keys(&field.attrs, "label", &["name", "flatten", "skip"], errors, |key, meta| {
        match key {
            "name" => name = Some(text(meta)?),
            "flatten" => flatten = Some(meta.path.clone()),
            _ => skip = Some(meta.path.clone()),
        }
        Ok(())
    });
    match (&name, &flatten, &skip) {
        (Some(name), Some(_), _) => {
            errors.at(name, "a field that is flattened has the names of its own labels; leave `name` out");
        }
        (Some(_), _, Some(skip)) | (_, Some(_), Some(skip)) => {
            errors.at(skip, "a field that is skipped is no label; leave `skip` or the other key out");
        }
        (Some(name), None, None) => {
            if let Some(problem) = label_problem(&name.value(), spelling) {
                errors.at(name, problem);
            }
        }
        (None, None, None) => {
            if let Some(problem) = label_problem(&ident.unraw().to_string(), spelling) {
                errors.at(ident, format!("{problem}: `#[label(name = \"...\")]`"));
            }
        }
        (None, _, _) => {}
    }
    let own_name = || name.map_or_else(|| ident.unraw().to_string(), |name| name.value());
    skip.is_none().then(|| LabelField { ident, ty: &field.ty, name: flatten.is_none().then(own_name) })
}

fn check_names(fields: &[LabelField<'_>], errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for field in fields {
        let Some(name) = &field.name else { continue };
        if let Some(twin) = seen.insert(name, field.ident) {
            errors.at(
                field.ident,
                format!("the label `{name}` is that of the field `{twin}` already; rename one"),
            );
        }
    }
}

fn expand(input: &DeriveInput, engine: &Path, fields: &[LabelField<'_>]) -> TokenStream {
    let (name, labels) = (&input.ident, quote!(#engine::Labels));
    let generics = bounded(&input.generics, engine, fields.iter().map(LabelField::bound));
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let open = list(fields, &quote!(#labels), &quote!(Open));
    let closed = list(fields, &quote!(#labels), &quote!(Closed));
    let flattened = || fields.iter().filter(|field| field.name.is_none()).map(|field| field.ty);
    let shapes = flattened();
    let (types, idents): (Vec<_>, Vec<_>) = fields.iter().map(|field| (field.ty, field.ident)).unzip();
    let describe = fields.iter().map(|field| field.describe(engine));
    let write = fields.iter().map(|field| field.write(engine));
    let (asserts, late_asserts) = flatten_asserts(flattened(), engine, &input.generics);
    quote! {
        const _: () = {
            /// Stands for the struct, whatever its parameters.
            pub enum __Shape {}

            #asserts

            #[automatically_derived]
            #[allow(deprecated, clippy::trait_duplication_in_bounds)]
            impl #impl_generics #labels for #name #ty_generics #where_clause {
                type Shape = (__Shape, #(<#shapes as #labels>::Shape,)*);
                type Open<__Rest> = #open;
                type Closed<__Rest> = #closed;

                // Saturating: what is too much is refused where the family is declared, with a message.
                const COUNT: usize = 1_usize #(.saturating_mul(<#types as #labels>::COUNT))*;

                fn describe(labels: &mut #engine::labels::LabelDescriber<'_>) {
                    #late_asserts
                    #(#describe)*
                }

                #[inline]
                fn index(&self) -> usize {
                    let index = 0;
                    #(let index = index * <#types as #labels>::COUNT + <#types as #labels>::index(&self.#idents);)*
                    index
                }

                fn write(&self, key: &mut #engine::labels::KeyWriter) {
                    #(#write)*
                }
            }
        };
    }
}

/// The open or the closed labels, in front of `__Rest`.
fn list(fields: &[LabelField<'_>], labels: &TokenStream, which: &TokenStream) -> TokenStream {
    fields.iter().rev().fold(quote!(__Rest), |rest, field| {
        let ty = field.ty;
        quote!(<#ty as #labels>::#which<#rest>)
    })
}

/// Refuses to flatten what has no names: now, or for types that depend on parameters when these are known.
fn flatten_asserts<'a>(
    flattened: impl Iterator<Item = &'a Type>,
    engine: &Path,
    generics: &Generics,
) -> (TokenStream, TokenStream) {
    let (mut asserts, mut late_asserts) = (TokenStream::new(), TokenStream::new());
    for ty in flattened {
        let assert = quote_spanned! {ty.span()=>
            assert!(
                <#ty as #engine::Labels>::UNNAMED == 0,
                "only a struct with `#[derive(Labels)]` can be flattened: its labels have names"
            )
        };
        if is_generic(ty, generics) {
            late_asserts.extend(quote!(const { #assert };));
        } else {
            asserts.extend(quote!(const _: () = #assert;));
        }
    }
    (asserts, late_asserts)
}

impl LabelField<'_> {
    fn bound(&self) -> (&Type, TokenStream) {
        match self.name {
            Some(_) => (referent(self.ty), quote!(LabelValue)),
            None => (self.ty, quote!(Labels)),
        }
    }

    fn describe(&self, engine: &Path) -> TokenStream {
        let ty = self.ty;
        match &self.name {
            Some(name) => quote!(labels.label::<#ty>(#name);),
            None => quote!(<#ty as #engine::Labels>::describe(labels);),
        }
    }

    fn write(&self, engine: &Path) -> TokenStream {
        let (ty, ident) = (self.ty, self.ident);
        match &self.name {
            Some(_) => quote!(key.push(&self.#ident);),
            None => quote!(<#ty as #engine::Labels>::write(&self.#ident, key);),
        }
    }
}
