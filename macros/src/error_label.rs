//! `#[derive(ErrorLabel)]`: an error becomes a closed label by its type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Result};

use crate::{input::default_crate, label_value};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let value = label_value::derive_error(input)?;
    let engine = default_crate();
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        #value

        #[automatically_derived]
        impl #impl_generics #engine::ErrorLabel for #name #ty_generics #where_clause {}
    })
}
