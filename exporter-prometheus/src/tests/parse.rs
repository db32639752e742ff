//! A small reader of the text format 0.0.4, written from the format's description and sharing nothing with the
//! renderer. It refuses what would make Prometheus refuse a scrape.

use std::collections::HashSet;

/// A block: the head, and the samples under it.
#[derive(Debug, PartialEq)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: Option<String>,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

/// A line. The value is kept as its token.
#[derive(Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: String,
    pub(crate) timestamp_ms: Option<i64>,
}

/// Reads an exposition, or says which line is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<Family>, String> {
    let mut families: Vec<Family> = Vec::new();
    let mut help = None;
    let mut series = HashSet::new();
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in text.split_terminator('\n') {
        let wrong = |why: &str| format!("{why}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, text) = rest.split_once(' ').ok_or_else(|| wrong("no help text"))?;
            help = Some((name.to_owned(), unescape(text, false).ok_or_else(|| wrong("bad escape"))?));
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if !is_name(name, true) || families.iter().any(|family| family.name == name) {
                return Err(wrong("a name that is illegal or repeated"));
            }
            if !["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind) {
                return Err(wrong("not a type"));
            }
            let help = match help.take() {
                Some((of, text)) if of == name => Some(text),
                Some(_) => return Err(wrong("help of another family")),
                None => None,
            };
            families.push(Family { name: name.to_owned(), help, kind: kind.to_owned(), samples: Vec::new() });
        } else {
            let sample = parse_sample(line).ok_or_else(|| wrong("not a sample"))?;
            let family = families.last_mut().filter(|_| help.is_none()).ok_or_else(|| wrong("no head"))?;
            if !family.has_sample_named(&sample.name) {
                return Err(wrong("a sample outside of its block"));
            }
            let mut labels = sample.labels.clone();
            labels.sort();
            if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(wrong("a label twice"));
            }
            if !series.insert((sample.name.clone(), labels)) {
                return Err(wrong("a series twice"));
            }
            family.samples.push(sample);
        }
    }
    if help.is_some() || families.iter().any(|family| family.samples.is_empty()) {
        return Err("a head without samples".to_owned());
    }
    no_shared_names(&families)?;
    Ok(families)
}

impl Family {
    fn sample_names(&self) -> Vec<String> {
        let suffixes: &[&str] = match self.kind.as_str() {
            "histogram" => &["_bucket", "_sum", "_count"],
            "summary" => &["", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().map(|suffix| format!("{}{suffix}", self.name)).collect()
    }

    fn has_sample_named(&self, name: &str) -> bool {
        self.sample_names().iter().any(|sample| sample == name)
    }
}

/// A parser files a sample under the family whose name, with a suffix, is that of the sample: there must be only one.
fn no_shared_names(families: &[Family]) -> Result<(), String> {
    let mut owned = HashSet::new();
    for family in families {
        let mut names = family.sample_names();
        names.push(family.name.clone());
        names.sort();
        names.dedup();
        for name in names {
            if !owned.insert(name.clone()) {
                return Err(format!("two families have the name {name}"));
            }
        }
    }
    Ok(())
}

fn parse_sample(line: &str) -> Option<Sample> {
    let name_end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = Vec::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, value) = inside.split_once("=\"")?;
            let end = closing_quote(value)?;
            labels.push((label.to_owned(), unescape(&value[..end], true)?));
            inside = &value[end + 1..];
            match inside.strip_prefix(',') {
                Some(next) => inside = next,
                None => break,
            }
        }
        rest = inside.strip_prefix('}')?;
    }
    let mut tokens = rest.strip_prefix(' ')?.split(' ');
    let value = tokens.next().filter(|token| is_number(token))?.to_owned();
    let timestamp_ms = tokens.next().map(str::parse).transpose().ok()?;
    let legal = is_name(name, true) && labels.iter().all(|(label, _)| is_name(label, false));
    (legal && tokens.next().is_none()).then(|| Sample { name: name.to_owned(), labels, value, timestamp_ms })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// The text without its escapes; `None` when one of them is unknown.
pub(crate) fn unescape(text: &str, quotes: bool) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                '"' if quotes => '"',
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

fn is_name(name: &str, colons: bool) -> bool {
    !name.is_empty()
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || (colons && b == b':'))
}

fn is_number(token: &str) -> bool {
    let spelled = ["+Inf", "-Inf", "NaN"].contains(&token);
    spelled
        || (token.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)) && token.parse::<f64>().is_ok())
}
