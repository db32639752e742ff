//! `#[derive(LabelValue)]`: an enum becomes a closed label, a newtype is what it wraps.

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Ident, LitStr, Member, Path, Result,
    Variant, ext::IdentExt, meta::ParseNestedMeta,
};

use crate::input::{Errors, bounded, crate_path, default_crate, read_keys, referent, text, unexpected};

/// Makes the value of a variant's name.
type Style = fn(&str) -> String;

/// The names that `rename_all` knows, and what each makes of a variant.
const STYLES: [(&str, Style); 8] = [
    ("snake_case", |name| name.to_snake_case()),
    ("kebab-case", |name| name.to_kebab_case()),
    ("camelCase", |name| name.to_lower_camel_case()),
    // As it is written: `KMSThrottlingException` stays what the service calls it.
    ("PascalCase", str::to_owned),
    ("SCREAMING_SNAKE_CASE", |name| name.to_shouty_snake_case()),
    ("SCREAMING-KEBAB-CASE", |name| name.to_shouty_kebab_case()),
    ("lowercase", |name| name.to_lowercase()),
    ("UPPERCASE", |name| name.to_uppercase()),
];

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    match &input.data {
        Data::Enum(data) => of_enum(input, data, false),
        Data::Struct(data) => of_newtype(input, data),
        Data::Union(data) => {
            Err(Error::new_spanned(data.union_token, "a union is no label value; use an enum or a newtype"))
        }
    }
}

/// The value of an error: the variant in its own spelling, whatever its fields.
pub(crate) fn derive_error(input: &DeriveInput) -> Result<TokenStream> {
    match &input.data {
        Data::Enum(data) => of_enum(input, data, true),
        Data::Struct(_) | Data::Union(_) => {
            Err(Error::new_spanned(&input.ident, "an error label is an enum"))
        }
    }
}

fn of_enum(input: &DeriveInput, data: &DataEnum, error: bool) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let mut engine = default_crate();
    let mut style = if error { STYLES[3].1 } else { STYLES[0].1 };
    read_keys(&input.attrs, "label", &["rename_all", "crate"], &mut errors, |key, meta| {
        match key {
            "crate" => engine = crate_path(meta)?,
            _ => style = style_of(meta)?,
        }
        Ok(())
    });
    let values = values(&input.ident, data, style, error, &mut errors);
    errors.finish(())?;

    let variants = data.variants.iter().map(|variant| &variant.ident);
    let indices = 0..values.len();
    let indices_again = indices.clone();
    let count = values.len();
    let members = quote! {
        type Domain = #engine::labels::Closed;

        const COUNT: usize = #count;

        #[inline]
        fn index(&self) -> usize {
            match self { #(Self::#variants { .. } => #indices,)* }
        }

        fn value_at(index: usize) -> &'static str {
            match index {
                #(#indices_again => #values,)*
                _ => "",
            }
        }

        fn write(&self, to: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
            let index = <Self as #engine::LabelValue>::index(self);
            ::core::fmt::Write::write_str(to, <Self as #engine::LabelValue>::value_at(index))
        }
    };
    Ok(implement(input, &engine, &input.generics, &members))
}

fn style_of(meta: &ParseNestedMeta<'_>) -> Result<Style> {
    let wanted = text(meta)?;
    let style = STYLES.iter().find(|(name, _)| *name == wanted.value());
    style.map(|(_, style)| *style).ok_or_else(|| {
        let known = STYLES.map(|(name, _)| format!("`{name}`")).join(", ");
        let message = format!("there is no style `{}`; use one of {known}", wanted.value());
        Error::new_spanned(wanted, message)
    })
}

/// The values of the variants, each of which has another.
fn values(name: &Ident, data: &DataEnum, style: Style, fields: bool, errors: &mut Errors) -> Vec<String> {
    if data.variants.is_empty() {
        errors.at(name, "an enum without variants has no values; give it a variant");
    }
    let mut values: Vec<String> = Vec::new();
    for variant in &data.variants {
        if !fields && !matches!(variant.fields, Fields::Unit) {
            let message = "a variant with fields has values that are not known beforehand; leave the fields out, or \
                           use a newtype over a string or a number";
            errors.at(&variant.fields, message);
        }
        let (value, origin) = value_of(variant, style, errors);
        if value.is_empty() {
            let message =
                "an empty value is the same as no label; leave the label empty with an `Option` of this enum";
            errors.at(&origin, message);
        }
        if let Some(twin) = values.iter().position(|other| *other == value) {
            let twin = &data.variants[twin].ident;
            errors
                .at(&origin, format!("the variant `{twin}` has the value `{value}` already; choose another"));
        }
        values.push(value);
    }
    values
}

/// The value of a variant, and the tokens that it comes from.
fn value_of(variant: &Variant, style: Style, errors: &mut Errors) -> (String, TokenStream) {
    let mut given: Option<LitStr> = None;
    for attribute in label_attributes(&variant.attrs) {
        match attribute.parse_args::<LitStr>() {
            Ok(value) if given.is_none() => given = Some(value),
            Ok(value) => errors.at(value, "the value is given twice; leave one out"),
            Err(error) => {
                let message = "a variant takes its value, `#[label(\"...\")]`, and nothing else";
                errors.add(Error::new(error.span(), message));
            }
        }
    }
    match given {
        Some(value) => (value.value(), value.to_token_stream()),
        None => (style(&variant.ident.unraw().to_string()), variant.ident.to_token_stream()),
    }
}

fn label_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("label"))
}

fn of_newtype(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let mut engine = default_crate();
    read_keys(&input.attrs, "label", &["crate"], &mut errors, |_, meta| {
        engine = crate_path(meta)?;
        Ok(())
    });
    let mut members = data.fields.members();
    let (Some(field), Some(member), None) = (data.fields.iter().next(), members.next(), members.next())
    else {
        let message =
            "a label value is an enum or a struct with one field; use `#[derive(Labels)]` for several labels";
        errors.at(&input.ident, message);
        return errors.finish(TokenStream::new());
    };
    unexpected(&field.attrs, "label", &mut errors);
    errors.finish(())?;

    let ty = &field.ty;
    let generics = bounded(&input.generics, &engine, [(referent(ty), quote!(LabelValue))]);
    Ok(implement(input, &engine, &generics, &delegate(&engine, ty, &member)))
}

fn delegate(engine: &Path, ty: &syn::Type, member: &Member) -> TokenStream {
    quote! {
        type Domain = <#ty as #engine::LabelValue>::Domain;

        const COUNT: usize = <#ty as #engine::LabelValue>::COUNT;

        #[inline]
        fn index(&self) -> usize {
            <#ty as #engine::LabelValue>::index(&self.#member)
        }

        fn value_at(index: usize) -> &'static str {
            <#ty as #engine::LabelValue>::value_at(index)
        }

        fn write(&self, to: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
            <#ty as #engine::LabelValue>::write(&self.#member, to)
        }
    }
}

fn implement(
    input: &DeriveInput,
    engine: &Path,
    generics: &syn::Generics,
    members: &TokenStream,
) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, clippy::trait_duplication_in_bounds)]
        impl #impl_generics #engine::LabelValue for #name #ty_generics #where_clause {
            #members
        }
    }
}
