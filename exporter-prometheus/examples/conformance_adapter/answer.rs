//! The answer to a request.

use serde::Deserialize;
use serde_json::{Value, json};
use tachometer::Snapshot;
use tachometer_prometheus::{Coding, Escaping, Format, clashes, encode_as};

use crate::hand_built;
use crate::input::{Accept, AcceptEncoding, Exposition, Name, Rejection, Request};
use crate::{live, names};

/// The answer to a line. None to what is not asked of this program: requests for the endpoint.
pub(crate) fn to(line: &str) -> Option<Value> {
    let Request { id, kind, input } = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return Some(json!({ "id": null, "reject": error.to_string() })),
    };
    let answered = match &*kind {
        "http" => return None,
        "render" | "render-reject" => render(input.get()),
        "live" => live(input.get()),
        "negotiate" => negotiate(input.get()),
        "negotiate-encoding" => negotiate_encoding(input.get()),
        "escape-name" => escape(input.get()),
        "map-name" => read(input.get()).and_then(|name| names::of_instrument(&name)),
        "map-label" => read(input.get()).and_then(|name| names::of_attribute(&name)),
        "map-reject" => read(input.get()).and_then(|name| map(&name)),
        other => Ok(json!({ "skip": format!("requests of kind `{other}` are unknown") })),
    };
    let mut answer = answered.unwrap_or_else(|rejection| json!({ "reject": rejection.to_string() }));
    answer["id"] = id.into();
    Some(answer)
}

fn render(input: &str) -> Result<Value, Rejection> {
    let Exposition { families, escaping } = read(input)?;
    expose(&hand_built::snapshot(&families)?, escaping.into())
}

fn live(input: &str) -> Result<Value, Rejection> {
    let Exposition { families, escaping } = read(input)?;
    expose(&live::snapshot(&families)?, escaping.into())
}

/// The snapshot in both formats, or what keeps it from being exposed whole.
fn expose(snapshot: &Snapshot, escaping: Escaping) -> Result<Value, Rejection> {
    let formats = [Format::TEXT, Format::OPEN_METRICS].map(|format| format.with_escaping(escaping));
    if let Some(clash) = formats.iter().flat_map(|format| clashes(snapshot, *format)).next() {
        return Err(clash.to_string().into());
    }
    let [text, open_metrics] = formats.map(|format| encode_as(snapshot, format));
    Ok(json!({ "text_0_0_4": text, "openmetrics_1_0_0": open_metrics }))
}

fn negotiate(input: &str) -> Result<Value, Rejection> {
    let Accept { accept } = read(input)?;
    Ok(json!({ "content_type": Format::negotiate(accept.as_deref()).content_type() }))
}

fn negotiate_encoding(input: &str) -> Result<Value, Rejection> {
    let AcceptEncoding { accept_encoding } = read(input)?;
    let coding = Coding::negotiate(accept_encoding.as_deref());
    Ok(json!({ "content_encoding": coding.content_encoding().unwrap_or("identity") }))
}

fn escape(input: &str) -> Result<Value, Rejection> {
    let Name { name, .. } = read(input)?;
    let name = name.unwrap_or_default();
    Ok(json!({
        "underscores": Escaping::Underscores.metric_name(&name),
        "dots": Escaping::Dots.metric_name(&name),
        "values": Escaping::Values.metric_name(&name),
    }))
}

/// What an instrument becomes if it has a type, and an attribute otherwise.
fn map(name: &Name) -> Result<Value, Rejection> {
    if name.r#type.is_some() { names::of_instrument(name) } else { names::of_attribute(name) }
}

fn read<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, Rejection> {
    Ok(serde_json::from_str(input)?)
}
