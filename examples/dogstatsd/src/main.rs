//! Lets a producer work, and prints what a DogStatsD agent would get.

#![forbid(unsafe_code)]

use std::{io::ErrorKind, net::UdpSocket, sync::Arc, time::Duration};

use cadence::{StatsdClient, UdpMetricSink};
use tachometer_dogstatsd::{DogStatsdCollector, Producer};

fn main() -> anyhow::Result<()> {
    // In earnest this is the agent's, port 8125.
    let agent = UdpSocket::bind("127.0.0.1:0")?;
    agent.set_read_timeout(Some(Duration::from_millis(200)))?;

    let socket = UdpSocket::bind("127.0.0.1:0")?;
    // A full buffer loses a datagram; it does not hold the producer up.
    socket.set_nonblocking(true)?;
    let sink = UdpMetricSink::from(agent.local_addr()?, socket)?;
    let client = StatsdClient::builder("kinesis", sink).with_tag("env", "dev").build();
    let collector = Arc::new(DogStatsdCollector::new(client));

    let mut producer = Producer::new("orders", collector.clone());
    for record in ["hello", "world"] {
        producer.put(record);
    }
    producer.flush();
    drop(producer);

    let mut buffer = [0; 2_048];
    loop {
        match agent.recv(&mut buffer) {
            Ok(length) => println!("{}", String::from_utf8_lossy(&buffer[..length])),
            // No more for a while: that was all.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => return Err(error.into()),
        }
    }
    println!("lost: {}", collector.lost());
    Ok(())
}
