//! `#[derive(ErrorLabel)]`: an error becomes a closed label by its type, whatever it holds.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result};

use crate::{
    closed::{self, AS_WRITTEN, Options},
    input::{Errors, unexpected},
    label_value::implement,
};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let options = Options::read(input, AS_WRITTEN, &mut errors);
    let (values, index) = match &input.data {
        Data::Enum(data) => {
            data.variants.iter().for_each(|variant| check_fields(&variant.fields, &mut errors));
            (options.values_of(&input.ident, data, &mut errors), closed::indices(data))
        }
        Data::Struct(data) => {
            check_fields(&data.fields, &mut errors);
            (vec![options.value_of_name(&input.ident)], quote!(0))
        }
        Data::Union(data) => {
            errors.at(data.union_token, "a union is no error; use an enum or a struct");
            return errors.finish(TokenStream::new());
        }
    };
    errors.finish(())?;

    let engine = &options.engine;
    let label_value = implement(input, engine, &input.generics, &closed::members(engine, &values, &index));
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        #label_value

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #engine::ErrorLabel for #name #ty_generics #where_clause {}
    })
}

/// What the fields hold is not part of the label.
fn check_fields(fields: &Fields, errors: &mut Errors) {
    fields.iter().for_each(|field| unexpected(&field.attrs, "label", errors));
}
