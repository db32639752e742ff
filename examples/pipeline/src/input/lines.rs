//! Cuts a sequence of reads into whole lines, whatever the reads' borders.

use memchr::{memchr, memrchr};

use crate::batch::MAX_BYTES;

/// Holds back the line that is not finished yet.
#[derive(Debug, Default)]
pub(crate) struct LineCutter {
    unfinished: Vec<u8>,
    /// The line under way is longer than a record may be; the rest of it is thrown away.
    skipping: bool,
}

impl LineCutter {
    /// Appends the lines that `bytes` finishes to `out`; gives how many lines turned out to be too long.
    pub(crate) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> u64 {
        if self.skipping {
            let Some(end) = memchr(b'\n', bytes) else { return 0 };
            bytes = &bytes[end + 1..];
            self.skipping = false;
        }
        let (whole, rest) = bytes.split_at(memrchr(b'\n', bytes).map_or(0, |end| end + 1));
        if !whole.is_empty() {
            out.append(&mut self.unfinished);
            out.extend_from_slice(whole);
        }
        self.unfinished.extend_from_slice(rest);
        if self.unfinished.len() <= MAX_BYTES {
            return 0;
        }
        self.unfinished = Vec::new();
        self.skipping = true;
        1
    }

    /// Ends the input: a last line without a line break gets one.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.unfinished.is_empty() {
            out.append(&mut self.unfinished);
            out.push(b'\n');
        }
        self.skipping = false;
    }
}

/// The records of a text: its lines without their breaks, without those that hold nothing but blanks.
pub(crate) fn records(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !is_blank(line))
}

/// Whether there is no record in `text`.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(reads: &[&[u8]]) -> (Vec<u8>, u64) {
        let (mut cutter, mut out) = (LineCutter::default(), Vec::new());
        let too_long = reads.iter().map(|read| cutter.push(read, &mut out)).sum();
        cutter.finish(&mut out);
        (out, too_long)
    }

    #[test]
    fn the_borders_of_the_reads_do_not_matter() {
        let text = b"one\ntwo\n\nthree and a half";
        for first in 0..text.len() {
            for second in first..text.len() {
                let reads = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(cut(&reads), (b"one\ntwo\n\nthree and a half\n".to_vec(), 0));
            }
        }
    }

    #[test]
    fn a_line_too_long_is_left_out_and_the_next_one_is_not() {
        let long = vec![b'x'; 600_000];
        assert_eq!(cut(&[b"a\n", &long, &long, &long, b"x\nb\n"]), (b"a\nb\n".to_vec(), 1));
        assert_eq!(cut(&[&long, &long]), (Vec::new(), 1));
    }

    #[test]
    fn blank_lines_are_no_records() {
        let records: Vec<_> = records(b"\n  \nfirst\r\n\r\n\t\n  second \n").collect();
        assert_eq!(records, [&b"first"[..], b"  second "]);
    }
}
