//! The type that a function's body gives.

use syn::{
    AngleBracketedGenericArguments, GenericArgument, PathArguments, Type, TypeParamBound, TypePath,
    parse_quote,
};

/// Puts `_` in the place of each `impl Trait`: a closure may not say what the function around it does.
pub(crate) fn infer_opaque(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = parse_quote!(_),
        Type::Path(path) => {
            for argument in arguments_mut(path) {
                if let GenericArgument::Type(ty) = argument {
                    infer_opaque(ty);
                }
            }
        }
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(infer_opaque),
        Type::Array(array) => infer_opaque(&mut array.elem),
        Type::Slice(slice) => infer_opaque(&mut slice.elem),
        Type::Reference(reference) => infer_opaque(&mut reference.elem),
        Type::Paren(paren) => infer_opaque(&mut paren.elem),
        Type::Group(group) => infer_opaque(&mut group.elem),
        _ => {}
    }
}

/// `T` of an `impl Future<Output = T>`, a `Pin<Box<dyn Future<Output = T>>>` or a `BoxFuture<'_, T>`.
pub(crate) fn of_future(ty: &Type) -> Option<Type> {
    match ty {
        Type::ImplTrait(opaque) => opaque.bounds.iter().find_map(output),
        Type::TraitObject(object) => object.bounds.iter().find_map(output),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let types = arguments(&last.arguments).filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            if last.ident.to_string().ends_with("BoxFuture") {
                return types.last().cloned();
            }
            types.into_iter().find_map(of_future)
        }
        Type::Paren(paren) => of_future(&paren.elem),
        Type::Group(group) => of_future(&group.elem),
        _ => None,
    }
}

/// `T` of the bound `Future<Output = T>`.
fn output(bound: &TypeParamBound) -> Option<Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    arguments(&bound.path.segments.last()?.arguments).find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == "Output" => Some(assigned.ty.clone()),
        _ => None,
    })
}

fn arguments(of: &PathArguments) -> impl Iterator<Item = &GenericArgument> {
    let bracketed = match of {
        PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) => Some(args),
        _ => None,
    };
    bracketed.into_iter().flatten()
}

fn arguments_mut(path: &mut TypePath) -> impl Iterator<Item = &mut GenericArgument> {
    path.path.segments.iter_mut().flat_map(|segment| {
        let bracketed = match &mut segment.arguments {
            PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) => Some(args),
            _ => None,
        };
        bracketed.into_iter().flatten()
    })
}
