//! The help text of a metric, from its doc comment.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

/// The first paragraph of a doc comment on one line, as rustdoc shows an item in a list; `None` when there is none.
///
/// What follows is for those who read the code.
pub(crate) fn of_doc_comment(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(doc_text).flat_map(|text| lines(&text.value()));
    let paragraph = lines.skip_while(String::is_empty).take_while(|line| !line.is_empty());
    let help = paragraph.collect::<Vec<_>>().join(" ");
    (!help.is_empty()).then_some(help)
}

fn doc_text(attribute: &Attribute) -> Option<&LitStr> {
    match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The lines of one attribute, trimmed. A block comment is a single one, and each of its lines may begin with a star.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text.lines().map(str::trim).collect();
    // An empty line `///` is an attribute too.
    if lines.is_empty() {
        lines.push("");
    }
    let starred = lines.len() > 1 && lines[1..].iter().all(|line| line.is_empty() || line.starts_with('*'));
    let plain = |line: &str| line.strip_prefix('*').unwrap_or(line).trim().to_owned();
    lines.into_iter().map(|line| if starred { plain(line) } else { line.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use syn::{DeriveInput, parse_quote};

    use super::*;

    #[track_caller]
    fn assert_help(item: &DeriveInput, help: Option<&str>) {
        assert_eq!(of_doc_comment(&item.attrs).as_deref(), help);
    }

    #[test]
    fn the_first_paragraph_becomes_one_line() {
        assert_help(
            &parse_quote! {
                ///
                /// Records sent,
                ///   retries   included.
                ///
                /// Raised by the sender.
                struct S;
            },
            Some("Records sent, retries   included."),
        );
        assert_help(
            &parse_quote!(
                #[doc = "Sent."]
                #[doc(hidden)]
                #[doc = "All."]
                struct S;
            ),
            Some("Sent. All."),
        );
    }

    #[test]
    fn a_block_comment_loses_its_stars() {
        assert_help(
            &parse_quote!(
                #[doc = "* Sent,\n     * all.\n     *\n     * More.\n "]
                struct S;
            ),
            Some("Sent, all."),
        );
        assert_help(
            &parse_quote!(
                #[doc = " Sent\n all. "]
                struct S;
            ),
            Some("Sent all."),
        );
    }

    #[test]
    fn no_words_are_no_help() {
        assert_help(
            &parse_quote!(
                struct S;
            ),
            None,
        );
        assert_help(
            &parse_quote!(
                #[doc = "  "]
                #[doc = ""]
                struct S;
            ),
            None,
        );
        assert_help(
            &parse_quote!(
                #[doc(hidden)]
                struct S;
            ),
            None,
        );
    }
}
