//! `#[derive(LabelValue)]`: an enum becomes a closed label, a newtype is what it wraps.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Generics, Member, Path, Result, Type};

use crate::{
    closed::{self, Options, SNAKE_CASE},
    input::{Errors, bounded, crate_path, default_crate, read_keys, referent, unexpected},
};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    match &input.data {
        Data::Enum(data) => of_enum(input, data),
        Data::Struct(data) => of_newtype(input, data),
        Data::Union(data) => {
            Err(Error::new_spanned(data.union_token, "a union is no label value; use an enum or a newtype"))
        }
    }
}

fn of_enum(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let options = Options::read(input, SNAKE_CASE, &mut errors);
    for variant in data.variants.iter().filter(|variant| !matches!(variant.fields, Fields::Unit)) {
        let message = "a variant with fields has values that are not known beforehand; leave the fields out, use a \
                       newtype over a string or a number, or, for an error, `#[derive(ErrorLabel)]`";
        errors.at(&variant.fields, message);
    }
    let values = options.values_of(&input.ident, data, &mut errors);
    errors.finish(())?;
    let members = closed::members(&options.engine, &values, &closed::indices(data));
    Ok(implement(input, &options.engine, &input.generics, &members))
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

fn delegate(engine: &Path, ty: &Type, member: &Member) -> TokenStream {
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

/// The implementation of `LabelValue` with these members.
pub(crate) fn implement(
    input: &DeriveInput,
    engine: &Path,
    generics: &Generics,
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
