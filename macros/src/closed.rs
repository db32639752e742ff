//! Closed label values: known ones, each at an index. An enum has one for each variant.

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    DataEnum, DeriveInput, Error, Ident, LitStr, Path, Result, Variant, ext::IdentExt, meta::ParseNestedMeta,
};

use crate::input::{Errors, crate_path, default_crate, read_keys, text};

/// Makes the value of a name.
pub(crate) type Style = fn(&str) -> String;

/// `snake_case`.
pub(crate) const SNAKE_CASE: Style = |name| name.to_snake_case();

/// As it is written: `KMSThrottlingException` stays what the service calls it.
pub(crate) const AS_WRITTEN: Style = str::to_owned;

/// The names that `rename_all` knows.
const STYLES: [(&str, Style); 8] = [
    ("snake_case", SNAKE_CASE),
    ("kebab-case", |name| name.to_kebab_case()),
    ("camelCase", |name| name.to_lower_camel_case()),
    ("PascalCase", AS_WRITTEN),
    ("SCREAMING_SNAKE_CASE", |name| name.to_shouty_snake_case()),
    ("SCREAMING-KEBAB-CASE", |name| name.to_shouty_kebab_case()),
    ("lowercase", |name| name.to_lowercase()),
    ("UPPERCASE", |name| name.to_uppercase()),
];

/// What the attribute of the type says.
pub(crate) struct Options {
    pub(crate) engine: Path,
    style: Style,
}

impl Options {
    /// The options, with this style unless they say another.
    pub(crate) fn read(input: &DeriveInput, style: Style, errors: &mut Errors) -> Self {
        let mut options = Self { engine: default_crate(), style };
        read_keys(&input.attrs, "label", &["rename_all", "crate"], errors, |key, meta| {
            match key {
                "crate" => options.engine = crate_path(meta)?,
                _ => options.style = style_of(meta)?,
            }
            Ok(())
        });
        options
    }

    /// The values of the variants, each of which has another.
    pub(crate) fn values_of(&self, name: &Ident, data: &DataEnum, errors: &mut Errors) -> Vec<String> {
        if data.variants.is_empty() {
            errors.at(name, "an enum without variants has no values; give it a variant");
        }
        let mut values: Vec<String> = Vec::new();
        for variant in &data.variants {
            let (value, origin) = self.value_of(variant, errors);
            if value.is_empty() {
                let message = "an empty value is the same as no label; \
                               leave the label empty with an `Option` of this enum";
                errors.at(&origin, message);
            }
            if let Some(twin) = values.iter().position(|other| *other == value) {
                let twin = &data.variants[twin].ident;
                errors.at(
                    &origin,
                    format!("the variant `{twin}` has the value `{value}` already; choose another"),
                );
            }
            values.push(value);
        }
        values
    }

    /// The value of a variant, and the tokens that it comes from.
    fn value_of(&self, variant: &Variant, errors: &mut Errors) -> (String, TokenStream) {
        let mut given: Option<LitStr> = None;
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("label")) {
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
            None => (self.value_of_name(&variant.ident), variant.ident.to_token_stream()),
        }
    }

    /// The value of something with this name.
    pub(crate) fn value_of_name(&self, name: &Ident) -> String {
        (self.style)(&name.unraw().to_string())
    }
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

/// The index of each variant, as the arms of a match.
pub(crate) fn indices(data: &DataEnum) -> TokenStream {
    let arms = data.variants.iter().enumerate().map(|(index, variant)| {
        let name = &variant.ident;
        quote!(Self::#name { .. } => #index,)
    });
    quote!(match self { #(#arms)* })
}

/// What the trait asks for, with an expression for the index of `self`.
pub(crate) fn members(engine: &Path, values: &[String], index: &TokenStream) -> TokenStream {
    let count = values.len();
    let indices = 0..count;
    quote! {
        type Domain = #engine::labels::Closed;

        const COUNT: usize = #count;

        #[inline]
        fn index(&self) -> usize {
            #index
        }

        fn value_at(index: usize) -> &'static str {
            match index {
                #(#indices => #values,)*
                _ => "",
            }
        }

        fn write(&self, to: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
            let index = <Self as #engine::LabelValue>::index(self);
            ::core::fmt::Write::write_str(to, <Self as #engine::LabelValue>::value_at(index))
        }
    }
}
