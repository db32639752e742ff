//! Structs of metrics and labels whose names a policy translates.
#![forbid(unsafe_code)]

use tachometer::{
    Counter, Escape, Family, Gauge, Histogram, Labels, Metrics, NamePolicy, RegisterErrorReason as Reason,
    Registry,
};

const NAMES: NamePolicy = NamePolicy::OTEL_PYTHON;

#[derive(Labels)]
#[label(translated)]
struct Consumed {
    #[label(name = "messaging.kafka.partition")]
    partition: u32,
    #[label(name = "event.type")]
    event: String,
}

#[derive(Labels)]
#[label(translated)]
struct Bus {
    #[label(name = "bus.name")]
    name: String,
}

#[derive(Metrics)]
#[metrics(prefix = "kafka.eventbus", common = Bus, names = NAMES)]
struct BusMetrics {
    /// Messages consumed.
    #[metric(name = "messages.consumed", unit = "{message}")]
    consumed: Family<Consumed, Counter>,
    /// Time to handle a message.
    #[metric(name = "handler.duration", unit = "ms", label = "handler.done")]
    duration: Family<bool, Histogram>,
    /// Messages behind.
    #[metric(name = "consumer.lag", unit = "messages", names = NAMES.escape(Escape::Utf8))]
    lag: Gauge,
    #[metrics(nested)]
    retries: Retries,
}

#[derive(Metrics)]
#[metrics(prefix = "retry")]
struct Retries {
    /// Retries.
    attempts: Counter,
}

fn bus(registry: &Registry) -> BusMetrics {
    registry.register(Bus { name: "orders".into() }).unwrap()
}

#[test]
fn the_policy_of_a_struct_translates_prefix_names_labels_and_nested_structs() {
    let registry = Registry::new();
    let bus = bus(&registry);
    bus.consumed.series(&Consumed { partition: 3, event: "Placed".into() }).unwrap().inc();
    bus.duration[true].observe(5.0);
    bus.retries.attempts.inc();
    let snapshot = registry.snapshot();
    let name = ("bus_name", "orders");
    let labels = [name, ("messaging_kafka_partition", "3"), ("event_type", "Placed")];
    assert_eq!(snapshot.counter("kafka_eventbus_messages_consumed_total", &labels), Some(1));
    let duration = "kafka_eventbus_handler_duration_milliseconds";
    let labels = [name, ("handler_done", "true")];
    assert_eq!(snapshot.histogram(duration, &labels).unwrap().count(), 1);
    assert_eq!(snapshot.counter("kafka_eventbus_retry_attempts_total", &[name]), Some(1));
}

#[test]
fn a_field_has_a_policy_of_its_own_where_it_says_so() {
    let registry = Registry::new();
    bus(&registry).lag.set(2.0);
    let labels = [("bus_name", "orders")];
    let lag = registry.snapshot().gauge("kafka.eventbus_consumer.lag_messages", &labels);
    assert_eq!(lag, Some(2.0));
}

#[test]
fn labels_that_are_to_be_translated_need_a_policy_that_does_so() {
    let declare = |policy| {
        let declaration = Registry::new();
        let declaration = declaration.declare("consumed_total", "Consumed.").name_policy(policy);
        declaration.register::<Family<Consumed, Counter>>().map(drop)
    };
    let illegal = declare(NamePolicy::AS_IS).unwrap_err();
    assert_eq!(illegal.reason(), &Reason::IllegalLabelName("messaging.kafka.partition".into()));
    assert!(declare(NamePolicy::UTF8).is_ok());
    let common = Registry::new().child("", &Bus { name: "orders".into() }).unwrap_err();
    assert_eq!(common.reason(), &Reason::IllegalLabelName("bus.name".into()));
}
