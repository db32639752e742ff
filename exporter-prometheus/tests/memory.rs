//! What an exporter keeps between two renders: the text once, and a few bytes for each series.
//!
//! A program without the test harness, whose threads would allocate at times of their own.
#![forbid(unsafe_code)]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tachometer::{Buckets, Counter, RegisterError, Registry};
use tachometer_prometheus::Exporter;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Where the text of a series ends.
const BYTES_A_SERIES: usize = 4;

/// What was last seen of it.
const BYTES_A_VALUE: usize = 8;

/// The names of what is exposed, and the exporter itself.
const BYTES_ONCE: usize = 4096;

fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn main() -> Result<(), RegisterError> {
    an_exporter_keeps_one_text_and_a_few_bytes_for_each_series()?;
    a_label_value_of_64_kib_takes_memory_in_proportion()
}

/// Every character of it is escaped, which doubles the text.
fn a_label_value_of_64_kib_takes_memory_in_proportion() -> Result<(), RegisterError> {
    let taken = |length: usize| -> Result<usize, RegisterError> {
        let value = "\n".repeat(length);
        let registry = Registry::builder().self_metrics(false).build()?;
        registry.counter_family("sent_total", "Sent.", ["stream"])?.with([("stream", &*value)])?.inc();
        let snapshot = registry.snapshot();
        let before = ALLOCATOR.stats().bytes_allocated;
        let text = tachometer_prometheus::encode(&snapshot);
        let taken = ALLOCATOR.stats().bytes_allocated - before;
        let expected = format!("sent_total{{stream=\"{}\"}} 1\n", r"\n".repeat(length));
        assert!(text.ends_with(&expected), "a value of {length} bytes");
        Ok(taken)
    };
    let [short, long] = [taken(8 << 10)?, taken(64 << 10)?];
    println!("{short} bytes for a value of 8 KiB, {long} for one of 64 KiB");
    assert!(long <= 8 * short && long <= (64 << 10) * 8, "{short}, {long}");
    Ok(())
}

fn an_exporter_keeps_one_text_and_a_few_bytes_for_each_series() -> Result<(), RegisterError> {
    const SERIES: usize = 2000;
    const HISTOGRAMS: usize = 100;
    let registry = Registry::builder().max_series_per_family(SERIES).self_metrics(false).build()?;
    let sent = registry.counter_family("sent_total", "Sent.", ["stream", "shard"])?;
    let counters: Vec<Counter> = (0..SERIES)
        .map(|n| sent.with([("stream", "orders"), ("shard", &*format!("shardId-{n:012}"))]))
        .collect::<Result<_, _>>()?;
    let delays = registry.histogram_family("delay_seconds", "Delay.", ["shard"])?;
    for n in 0..HISTOGRAMS {
        delays.with([("shard", &*n.to_string())])?.observe(0.01);
    }
    // The first record of a thread takes memory, and the registry keeps the schema that the exporter's snapshot shares.
    counters.iter().for_each(Counter::inc);
    drop(registry.snapshot());

    let before = allocated();
    let exporter = Exporter::new(&registry);
    let per_text = |length: usize| {
        let values = SERIES + HISTOGRAMS * (Buckets::seconds().bounds().len() + 3);
        // Some room, so that not every longer number needs a larger buffer.
        length + length / 32 + (SERIES + HISTOGRAMS) * BYTES_A_SERIES + values * BYTES_A_VALUE + BYTES_ONCE
    };
    for round in 0..40 {
        // Numbers of all lengths, each time longer ones.
        counters.iter().zip(round..).for_each(|(counter, n)| counter.add(1 << (n % 40)));
        let length = exporter.render().len();
        let kept = allocated() - before;
        assert!(kept >= length, "{kept} bytes for a text of {length}");
        assert!(kept <= per_text(length), "{kept} bytes for a text of {length}, in round {round}");
    }
    Ok(())
}
