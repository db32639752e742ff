//! What the text format escapes: help texts, label values, and names that it cannot spell.

use std::borrow::Cow;

use memchr::{memchr2_iter, memchr3_iter};

/// Appends a help text: `\` and the line feed are escaped, nothing else.
pub(crate) fn push_help(out: &mut String, help: &str) {
    push_escaped(out, help, memchr2_iter(b'\\', b'\n', help.as_bytes()));
}

/// Appends a label value without its quotes: `\`, `"` and the line feed are escaped, nothing else.
pub(crate) fn push_label_value(out: &mut String, value: &str) {
    push_escaped(out, value, memchr3_iter(b'\\', b'"', b'\n', value.as_bytes()));
}

/// The metric name as text format 0.0.4 can spell it: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub(crate) fn metric_name(name: &str) -> Cow<'_, str> {
    if is_legal_metric_name(name) { name.into() } else { underscores(name, is_metric_byte).into() }
}

/// The label name as text format 0.0.4 can spell it: `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(crate) fn label_name(name: &str) -> Cow<'_, str> {
    if is_legal_label_name(name) { name.into() } else { underscores(name, is_label_byte).into() }
}

/// Whether a metric name needs no escape.
pub(crate) fn is_legal_metric_name(name: &str) -> bool {
    name.bytes().all(is_metric_byte) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a label name needs no escape.
pub(crate) fn is_legal_label_name(name: &str) -> bool {
    name.bytes().all(is_label_byte) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn is_metric_byte(byte: u8) -> bool {
    is_label_byte(byte) || byte == b':'
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The `underscores` scheme of Prometheus: each character that is not legal where it stands becomes one `_`. The
/// empty name stays empty; it cannot be exposed at all.
fn underscores(name: &str, is_legal: fn(u8) -> bool) -> String {
    let escape = |(at, c): (usize, char)| {
        let legal = u8::try_from(c).is_ok_and(is_legal) && !(at == 0 && c.is_ascii_digit());
        if legal { c } else { '_' }
    };
    name.char_indices().map(escape).collect()
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
    use super::{label_name, metric_name, push_help, push_label_value};

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

    #[test]
    fn metric_names() {
        let cases = [
            ("", ""),
            ("job:requests_total:rate5m", "job:requests_total:rate5m"),
            ("mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load"),
            ("mysystem.prod.west.cpu.load_total", "mysystem_prod_west_cpu_load_total"),
            ("http.status:sum", "http_status:sum"),
            ("label with 😱", "label_with__"),
            ("花火", "__"),
            ("9lives", "_lives"),
            ("_9lives", "_9lives"),
        ];
        for (name, escaped) in cases {
            assert_eq!(metric_name(name), escaped);
        }
    }

    #[test]
    fn label_names_have_no_colon() {
        assert_eq!(label_name("service.name"), "service_name");
        assert_eq!(label_name("a:b"), "a_b");
        assert_eq!(label_name("0"), "_");
    }
}
