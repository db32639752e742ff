//! Finding the value in a line that was written before.

use memchr::memchr;

use crate::text::Sample;

/// Where the parts of a line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where the value begins.
    pub(crate) value: usize,
    /// Where the line ends, with its line feed.
    pub(crate) end: usize,
}

impl Line {
    /// The first of the `lines` of a series, if it was written for a sample like this one.
    ///
    /// A line feed or a quote in a label value is escaped, so that the line ends with the first line feed. A space is
    /// not, but there is none in the value, and one before the time. Where there may be an exemplar behind those
    /// (`may_go_on`), the value is found from the front.
    pub(crate) fn first(lines: &[u8], sample: Sample<'_>, may_go_on: bool) -> Line {
        let end =
            if sample.is_last { lines.len() } else { memchr(b'\n', lines).map_or(lines.len(), |at| at + 1) };
        if may_go_on {
            return Line { value: after_labels(&lines[..end]), end };
        }
        let mut value = after_last_space(&lines[..end]);
        if sample.time.is_some() {
            value = after_last_space(&lines[..value.saturating_sub(1)]);
        }
        Line { value, end }
    }
}

/// Where the value of a line begins: behind the first space that is in no quotes.
fn after_labels(line: &[u8]) -> usize {
    let mut at = 0;
    let mut is_quoted = false;
    while let Some(&byte) = line.get(at) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            // The byte behind it is no end of the quotes.
            b'\\' => at += 1,
            b' ' if !is_quoted => return at + 1,
            _ => {}
        }
        at += 1;
    }
    line.len()
}

fn after_last_space(text: &[u8]) -> usize {
    // Near the end, so that there is no use in comparing many bytes at once.
    text.iter().rposition(|byte| *byte == b' ').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::text::{Sample, Time};
    use tachometer::Number;

    /// The parts of the first line, and the rest.
    fn split(lines: &str, timestamp_ms: Option<i64>, is_last: bool) -> [&str; 3] {
        let time = timestamp_ms.map(Time::Milliseconds);
        let sample = Sample { value: Number::U64(0), time, exemplar: None, is_last };
        let line = Line::first(lines.as_bytes(), sample, false);
        assert_eq!(Line::first(lines.as_bytes(), sample, true), line, "it is the same from the front");
        [&lines[..line.value], &lines[line.value..line.end], &lines[line.end..]]
    }

    #[test]
    fn the_value_is_found_from_the_end() {
        assert_eq!(split("x 1\n", None, true), ["x ", "1\n", ""]);
        assert_eq!(split("x{l=\"a 1\"} 1e+16\n", None, true), ["x{l=\"a 1\"} ", "1e+16\n", ""]);
        assert_eq!(split("x{l=\"a 1 2\"} -3 -17\n", Some(-17), true), ["x{l=\"a 1 2\"} ", "-3 -17\n", ""]);
    }

    #[test]
    fn a_line_ends_with_the_first_line_feed() {
        assert_eq!(split("x_a{l=\"\\n\"} 1\nx_b 2\n", None, false), ["x_a{l=\"\\n\"} ", "1\n", "x_b 2\n"]);
        assert_eq!(split("x_a 1 5\nx_b 2 5\n", Some(5), false), ["x_a ", "1 5\n", "x_b 2 5\n"]);
    }

    #[test]
    fn the_value_is_found_before_an_exemplar() {
        for (text, value) in [
            ("x ", "1 # {a=\"b c\"} 1\n"),
            ("x{l=\" # {\\\"} \\\\\"} ", "1 # {a=\" # {\"} 0.5 1600000000.5\n"),
            ("{\"x y_total\",l=\"a 1\"} ", "1 5 # {} 1\n"),
        ] {
            let lines = format!("{text}{value}x 1\n");
            let sample = Sample { value: Number::U64(0), time: None, exemplar: None, is_last: false };
            let expected = Line { value: text.len(), end: text.len() + value.len() };
            assert_eq!(Line::first(lines.as_bytes(), sample, true), expected, "{lines}");
        }
    }
}
