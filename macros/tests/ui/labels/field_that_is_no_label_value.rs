//! Fields of types that are not label values, or not sets of labels.
use tachometer::Labels;

struct Shard(u32);

#[derive(Labels)]
struct Sent {
    shard: Shard,
    payload: Vec<u8>,
}

#[derive(Labels)]
struct Flattened {
    #[label(flatten)]
    shard: Shard,
}

fn main() {}
