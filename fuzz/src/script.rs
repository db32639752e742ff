//! The inputs: lines of fields.
//!
//! ```text
//! family|gauge|queue_size|Records%0Awaiting.
//! series|stream=orders,shard=a%2Cb||0.5
//! ```
//!
//! The first field says what the line is. A byte is written `%0A` where it would end the line or the field. Whatever is
//! not understood means something all the same, so that each change of an input is an input.

/// Most lines that are read. More take time and find nothing new.
const MAX_LINES: usize = 64;

/// A line.
pub struct Line<'a> {
    fields: Vec<&'a str>,
}

/// The lines of an input. What is no UTF-8 is replaced: no API of ours takes it.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split('\n').take(MAX_LINES).map(|line| Line { fields: line.split('|').collect() })
}

impl<'a> Line<'a> {
    /// What the line is.
    #[must_use]
    pub fn word(&self) -> &'a str {
        self.fields[0]
    }

    /// A field, from 1 on; empty where there is none.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        decode(self.raw(at))
    }

    /// A field, if it is there.
    #[must_use]
    pub fn optional(&self, at: usize) -> Option<String> {
        self.fields.get(at).map(|field| decode(field))
    }

    /// A field that is `a=b,c=d`.
    #[must_use]
    pub fn pairs(&self, at: usize) -> Vec<(String, String)> {
        let raw = self.raw(at);
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        if raw.is_empty() { Vec::new() } else { raw.split(',').map(pair).collect() }
    }

    /// A field that is a number: digits, or the bits of a float after `0x`.
    #[must_use]
    pub fn float(&self, at: usize) -> f64 {
        float(self.raw(at))
    }

    /// A field that is an integer; 0 if it is something else.
    #[must_use]
    pub fn integer<I: std::str::FromStr + Default>(&self, at: usize) -> I {
        self.raw(at).parse().unwrap_or_default()
    }

    /// A field as it is written.
    #[must_use]
    pub fn raw(&self, at: usize) -> &'a str {
        self.fields.get(at).copied().unwrap_or_default()
    }
}

/// The number that a text stands for.
#[must_use]
pub fn float(text: &str) -> f64 {
    match text.strip_prefix("0x") {
        Some(bits) => f64::from_bits(u64::from_str_radix(bits, 16).unwrap_or_default()),
        None => text.parse().unwrap_or_default(),
    }
}

/// Resolves `%0A` and its like.
fn decode(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
