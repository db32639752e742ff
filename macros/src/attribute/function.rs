//! The function that an attribute is on: where its body is, and how that runs inside of another one.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    AttrStyle, Block, Error, Expr, ExprAsync, Item, ItemFn, Result, ReturnType, Signature, Stmt, TraitItemFn,
    Type, ext::IdentExt, parse_quote, parse2,
};

use super::{Kind, result_type, variable};

/// A function or method with a body.
pub(crate) struct Function {
    item: ItemFn,
    place: Place,
    /// The body, or that of the future which the function ends in.
    body: Block,
}

/// Where the body is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a function that is called.
    Call,
    /// In an `async fn`.
    AsyncCall,
    /// In the future that the function ends in: `async { .. }`, or `Box::pin(async { .. })`, which is what
    /// `async-trait` makes of an `async fn`.
    LastFuture,
}

impl Function {
    pub(crate) fn read(kind: Kind, item: TokenStream) -> Result<Self> {
        let mut item = parse2::<ItemFn>(item.clone()).map_err(|error| not_a_function(kind, item, error))?;
        if let Some(constness) = &item.sig.constness {
            let message =
                "a `const fn` may run in the compiler, where nothing is recorded; leave one of the two out";
            return Err(Error::new_spanned(constness, message));
        }
        let (place, body) = match (item.sig.asyncness, last_future(&mut item.block)) {
            (Some(_), _) => (Place::AsyncCall, (*item.block).clone()),
            (None, Some(future)) => (Place::LastFuture, future.block.clone()),
            (None, None) => (Place::Call, (*item.block).clone()),
        };
        Ok(Self { item, place, body })
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.item.sig
    }

    pub(crate) fn name(&self) -> String {
        self.item.sig.ident.unraw().to_string()
    }

    /// The body, to stand at the end of another one. A lone expression goes without its braces, which the compiler
    /// would call unnecessary. Others keep them: the items in there are not for the attribute's expressions to see.
    pub(crate) fn last_body(&self) -> TokenStream {
        match &*self.body.stmts {
            [Stmt::Expr(expression, None)] => expression.to_token_stream(),
            _ => self.body.to_token_stream(),
        }
    }

    /// Whether the body runs as a future.
    pub(crate) fn is_async(&self) -> bool {
        self.place != Place::Call
    }

    /// What the body gives; `None` if the function does not say.
    fn result_type(&self) -> Option<Type> {
        let mut ty = match &self.item.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) if self.place == Place::LastFuture => result_type::of_future(ty)?,
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        result_type::infer_opaque(&mut ty);
        Some(ty)
    }

    /// The body as a closure or a future of its own, in which `return` and `?` end.
    pub(crate) fn wrapped_body(&self) -> TokenStream {
        let result = self.result_type();
        if !self.is_async() {
            let (result, body) = (result.map(|result| quote!(-> #result)), &self.body);
            return quote!(move || #result #body);
        }
        let early = variable("early");
        // The compiler does not know what the future gives, unless something in it says so.
        let hint = result.map(|result| {
            quote! {
                if let ::core::option::Option::Some(#early) = ::core::option::Option::None::<#result> {
                    return #early;
                }
            }
        });
        let body = self.last_body();
        quote!(async move { #hint #body })
    }

    /// The function with another body in the place of its own.
    pub(crate) fn with_body(self, body: TokenStream) -> TokenStream {
        let Self { mut item, place, .. } = self;
        let body = vec![Stmt::Expr(Expr::Verbatim(body), None)];
        match last_future(&mut item.block) {
            Some(future) if place == Place::LastFuture => future.block.stmts = body,
            _ => item.block.stmts = body,
        }
        let ItemFn { attrs, vis, sig, block, .. } = &item;
        let (outer, inner): (Vec<_>, Vec<_>) =
            attrs.iter().partition(|attribute| matches!(attribute.style, AttrStyle::Outer));
        let mut tokens = quote!(#(#outer)* #vis #sig);
        block.brace_token.surround(&mut tokens, |tokens| {
            inner.iter().for_each(|attribute| attribute.to_tokens(tokens));
            block.stmts.iter().for_each(|statement| statement.to_tokens(tokens));
        });
        tokens
    }
}

fn last_future(block: &mut Block) -> Option<&mut ExprAsync> {
    match block.stmts.last_mut()? {
        Stmt::Expr(Expr::Async(future), None) => Some(future),
        Stmt::Expr(Expr::Call(call), None) if is_box_pin(&call.func) => match call.args.first_mut()? {
            Expr::Async(future) => Some(future),
            _ => None,
        },
        _ => None,
    }
}

fn is_box_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
    names.next().is_some_and(|name| name == "pin") && names.next().is_some_and(|name| name == "Box")
}

fn not_a_function(kind: Kind, item: TokenStream, error: Error) -> Error {
    let attribute = kind.name();
    if let Ok(method) = parse2::<TraitItemFn>(item.clone()) {
        let message =
            format!("a method without a body does nothing; put `#[{attribute}]` on the implementations");
        return Error::new_spanned(method.sig, message);
    }
    match parse2::<Item>(item.clone()) {
        Ok(_) => {
            Error::new_spanned(item, format!("`#[{attribute}]` goes on a function or a method with a body"))
        }
        Err(_) => error,
    }
}
