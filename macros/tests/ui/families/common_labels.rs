//! Common labels that are missing, or other ones.
use tachometer::{Counter, Labels, Metrics, Registry};

#[derive(Labels)]
struct Stream {
    stream_name: String,
}

#[derive(Labels)]
struct Topic {
    topic: String,
}

#[derive(Metrics)]
#[metrics(common = Stream)]
struct Producer {
    /// Records sent.
    sent_total: Counter,
}

fn main() -> Result<(), tachometer::RegisterError> {
    let registry = Registry::new();
    registry.register::<Producer>(())?;
    registry.register::<Producer>(Topic { topic: "orders".into() })?;
    registry.register::<Producer>(Stream { stream: "orders".into() })?;
    Ok(())
}
