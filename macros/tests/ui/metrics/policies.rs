//! Policies that are none, and names that need one.
use tachometer::{Counter, Labels, Metrics};

#[derive(Metrics)]
#[metrics(names = "underscores")]
struct NoPolicy {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
struct NoPolicyOfTheField {
    /// Orders.
    #[metric(names = 5)]
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(names)]
struct NoValue {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(prefix = "", names = tachometer::NamePolicy::UTF8)]
struct EmptyNames {
    /// Orders.
    #[metric(name = "")]
    orders_total: Counter,
}

#[derive(Metrics)]
struct OfAnother {
    /// Orders.
    #[metric(name = "orders.placed", names = tachometer::NamePolicy::UTF8)]
    placed: Counter,
    /// Orders.
    #[metric(name = "orders.paid")]
    paid: Counter,
}

#[derive(Labels)]
#[label(translated = true)]
struct TranslatedWithValue {
    stream: String,
}

#[derive(Labels)]
#[label(translated)]
struct EmptyLabel {
    #[label(name = "")]
    stream: String,
}

fn main() {}
