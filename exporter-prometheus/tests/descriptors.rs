//! Out of file descriptors. The server runs in a process of its own, which has few of them.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{Outcome, ask, connect, exporter};

/// Set in the process that serves.
const SERVES: &str = "TACHOMETER_TEST_SERVES";

/// The process that serves: it prints its address and ends when its input does.
#[test]
fn the_process_with_few_descriptors() -> Outcome {
    if std::env::var_os(SERVES).is_none() {
        return Ok(());
    }
    // Longer than the test: its connections are held, not disconnected.
    let server = exporter()?.server().header_timeout(Duration::from_secs(300)).serve("127.0.0.1:0")?;
    println!("\nserving {}", server.addr());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// That process. Its output is kept open: it would end when it could not print.
struct Serving {
    child: Child,
    _output: Lines<BufReader<ChildStdout>>,
    addr: SocketAddr,
}

/// Starts this program again, as that process.
fn start() -> Result<Serving, Box<dyn std::error::Error>> {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact --nocapture the_process_with_few_descriptors"])
        .arg(std::env::current_exe()?)
        .env(SERVES, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    loop {
        let line = lines.next().ok_or("it does not serve")??;
        if let Some(addr) = line.strip_prefix("serving ") {
            return Ok(Serving { addr: addr.parse()?, child, _output: lines });
        }
    }
}

/// The processor time that the accepting thread of a process has taken.
fn processor_time(process: u32) -> Result<Duration, Box<dyn std::error::Error>> {
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let stat = fs::read_to_string(task?.path().join("stat"))?;
        let (name, fields) = stat.rsplit_once(") ").ok_or("no name")?;
        if name.ends_with("(tachometer-http") {
            let fields: Vec<&str> = fields.split(' ').collect();
            // Of 10 ms each: in the program and in the system.
            let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
            return Ok(Duration::from_millis(ticks * 10));
        }
    }
    Err("no such thread".into())
}

#[test]
fn without_descriptors_the_server_waits_and_is_back_when_there_are_some() -> Outcome {
    let Serving { mut child, _output, addr } = start()?;
    let mut held: Vec<TcpStream> = (0..200).map(|_| connect(addr)).collect::<Result<_, _>>()?;
    // It has got as many as it can when the last is not answered.
    thread::sleep(Duration::from_millis(500));
    let (begin, before) = (Instant::now(), processor_time(child.id())?);
    thread::sleep(Duration::from_secs(3));
    let share = (processor_time(child.id())? - before).as_secs_f64() / begin.elapsed().as_secs_f64();
    assert!(share < 0.05, "{:.1} % of a processor", share * 100.0);
    // The queue is full of connections that it has no descriptor for.
    let last = held.last_mut().ok_or("there are some")?;
    last.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    last.set_read_timeout(Some(Duration::from_millis(200)))?;
    assert!(last.read(&mut [0]).is_err(), "it has enough descriptors, so nothing was tested");

    drop(held);
    let released = Instant::now();
    assert_eq!(ask(addr, "GET", "/metrics")?.status, "HTTP/1.1 200 OK");
    assert!(released.elapsed() < Duration::from_secs(2), "{:?}", released.elapsed());
    drop(child.stdin.take());
    assert!(child.wait()?.success());
    Ok(())
}
