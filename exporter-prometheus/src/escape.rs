//! What the formats escape in texts: help texts and label values.

use memchr::{memchr2_iter, memchr3_iter};

/// Appends a help text: `\` and the line feed are escaped, nothing else.
pub(crate) fn push_help(out: &mut String, help: &str) {
    push_escaped(out, help, memchr2_iter(b'\\', b'\n', help.as_bytes()));
}

/// Appends a help text of OpenMetrics, where `"` is escaped too.
pub(crate) fn push_quoted_help(out: &mut String, help: &str) {
    push_label_value(out, help);
}

/// Appends a label value without its quotes: `\`, `"` and the line feed are escaped, nothing else.
pub(crate) fn push_label_value(out: &mut String, value: &str) {
    push_escaped(out, value, memchr3_iter(b'\\', b'"', b'\n', value.as_bytes()));
}

/// Appends `text` in runs, and what stands at these places escaped. All of that is ASCII, so a byte of it is never a part
/// of another character, and every index is a character boundary.
fn push_escaped(out: &mut String, text: &str, places: impl Iterator<Item = usize>) {
    let mut copied = 0;
    for at in places {
        out.push_str(&text[copied..at]);
        out.push_str(match text.as_bytes()[at] {
            b'\n' => "\\n",
            b'"' => "\\\"",
            _ => "\\\\",
        });
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::{push_help, push_label_value};

    #[test]
    fn label_values() {
        let cases = [
            ("", ""),
            ("plain", "plain"),
            (r"a\b", r"a\\b"),
            (r#"say "hi""#, r#"say \"hi\""#),
            (r#"a\"b"#, r#"a\\\"b"#),
            ("two\nlines\n", "two\\nlines\\n"),
            ("a\r\nb\t\0", "a\r\\nb\t\0"),
            ("# EOF", "# EOF"),
            ("佖佥😱\u{85}\u{2028}", "佖佥😱\u{85}\u{2028}"),
        ];
        for (value, text) in cases {
            let mut out = String::new();
            push_label_value(&mut out, value);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn help_texts_keep_their_quotes() {
        let mut out = String::new();
        push_help(&mut out, "two-line\n doc  \"str\\ing\"\\");
        assert_eq!(out, r#"two-line\n doc  "str\\ing"\\"#);
    }
}
