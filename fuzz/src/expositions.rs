//! Hands what is exposed to other readers: `ci/fuzz_check.py` asks whether they read the same.

use std::{env, fs::File, io::Write, sync::LazyLock};

use serde_json::{Value, json};

use crate::exposition::{self, Line};

/// The file that this variable names gets a JSON object a line, with a text and what was read in it.
const VARIABLE: &str = "TACHOMETER_FUZZ_EXPOSITIONS";

static OUT: LazyLock<Option<File>> = LazyLock::new(|| {
    let path = env::var_os(VARIABLE)?;
    Some(File::options().create(true).append(true).open(path).expect("a file that can be written"))
});

/// Hands the expositions on, if anybody asks for them.
pub fn hand_on(texts: &[String]) {
    let Some(mut out) = OUT.as_ref() else { return };
    for text in texts {
        writeln!(out, "{}", describe(text)).expect("a file that can be written");
    }
}

fn describe(text: &str) -> Value {
    let (mut helps, mut types, mut samples) = (Vec::new(), Vec::new(), Vec::new());
    for line in exposition::read(text) {
        match line {
            Line::Help { name, text } => helps.push(json!([name, text])),
            Line::Type { name, kind } => types.push(json!([name, kind])),
            Line::Sample(of) => samples.push(json!([of.name, of.labels, of.value, of.timestamp_ms])),
        }
    }
    json!({ "text": text, "helps": helps, "types": types, "samples": samples })
}
