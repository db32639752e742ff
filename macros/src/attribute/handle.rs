//! Whether the handle of an attribute can be borrowed while the function runs.
//!
//! It can, if it belongs to something that the function only has a reference to, or to no argument at all. What belongs
//! to an argument that the function owns, or may change, the body may move or change. Then the handle is cloned first.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, FnArg, Pat, PatType, ReceiverKind, Signature, Type, UnOp};

/// Whether the handle that the expression gives must be cloned.
pub(crate) fn must_be_cloned(expression: &Expr, function: &Signature) -> bool {
    let owned: Vec<_> = function.inputs.iter().flat_map(owned_names).collect();
    belongs_to(expression, &owned)
}

/// The names of what the function owns, or may change, through this argument.
fn owned_names(argument: &FnArg) -> Vec<Ident> {
    match argument {
        FnArg::Receiver(receiver) => {
            let is_shared = match &receiver.kind {
                ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
                ReceiverKind::Typed(_, ty) => is_shared_reference(ty),
                _ => false,
            };
            if is_shared { Vec::new() } else { vec![Ident::new("self", Span::call_site())] }
        }
        FnArg::Typed(PatType { pat, ty, .. })
            if is_shared_reference(ty) && matches!(**pat, Pat::Ident(_)) =>
        {
            Vec::new()
        }
        // All the words in a pattern: a clone too many does no harm.
        FnArg::Typed(PatType { pat, .. }) => words(pat.to_token_stream()),
    }
}

fn is_shared_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none())
}

/// Whether what the expression gives may be a part of one of these, or refer to one.
fn belongs_to(expression: &Expr, owned: &[Ident]) -> bool {
    match expression {
        Expr::Field(field) => belongs_to(&field.base, owned),
        Expr::Index(index) => belongs_to(&index.expr, owned),
        Expr::Paren(paren) => belongs_to(&paren.expr, owned),
        Expr::Group(group) => belongs_to(&group.expr, owned),
        Expr::Reference(reference) => belongs_to(&reference.expr, owned),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => belongs_to(&unary.expr, owned),
        Expr::MethodCall(call) => belongs_to(&call.receiver, owned),
        // What a function is given by value it does not give a reference to.
        Expr::Call(call) => {
            let references = call.args.iter().filter(|argument| matches!(argument, Expr::Reference(_)));
            references.into_iter().any(|argument| belongs_to(argument, owned))
        }
        _ => words(expression.to_token_stream()).iter().any(|word| owned.contains(word)),
    }
}

fn words(tokens: TokenStream) -> Vec<Ident> {
    let of_token = |token| match token {
        TokenTree::Ident(word) => vec![word],
        TokenTree::Group(group) => words(group.stream()),
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(of_token).collect()
}
