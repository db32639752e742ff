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
    /// not, but there is none in the value, and one before the time.
    pub(crate) fn first(lines: &[u8], sample: Sample) -> Line {
        let end =
            if sample.is_last { lines.len() } else { memchr(b'\n', lines).map_or(lines.len(), |at| at + 1) };
        let mut value = after_last_space(&lines[..end]);
        if sample.time.is_some() {
            value = after_last_space(&lines[..value.saturating_sub(1)]);
        }
        Line { value, end }
    }
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
        let line = Line::first(lines.as_bytes(), Sample { value: Number::U64(0), time, is_last });
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
}
