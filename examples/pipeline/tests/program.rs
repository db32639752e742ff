//! Runs the built program as a user does, and looks at what it prints, serves and returns.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

/// The families that every run exposes, without their prefix.
const FAMILIES: [&str; 19] = [
    "producer_records_sent_total",
    "producer_bytes_sent_total",
    "producer_errors_total",
    "producer_throttles_total",
    "producer_batch_size",
    "producer_queue_size",
    "producer_flush_duration_seconds",
    "consumer_records_received_total",
    "consumer_bytes_received_total",
    "consumer_errors_total",
    "consumer_checkpoint_success_total",
    "consumer_checkpoint_failure_total",
    "consumer_lag_records",
    "consumer_processing_time_seconds",
    "consumer_iterator_age_milliseconds",
    "consumer_queue_size",
    "stream_shards_active",
    "stream_shards_closed",
    "stream_resharding_events_total",
];

/// The program with a free port, as a rule for two seconds.
fn pipeline(input: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    command.arg("--input").arg(input).args(["--listen", "127.0.0.1:0"]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(mut command: Command) -> (Option<i32>, String, String) {
    text(command.output().expect("the program starts"))
}

fn text(output: Output) -> (Option<i32>, String, String) {
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code(), stdout, stderr)
}

/// Fails with a message that names what matters, announces no address, prints no table, and exits with `code`.
fn assert_refused(command: Command, code: i32, message: &[&str]) {
    let (exit, stdout, stderr) = output(command);
    assert_eq!(exit, Some(code), "{stdout}{stderr}");
    assert!(message.iter().all(|part| stderr.contains(part)), "{stderr}");
    assert!(!stdout.contains("counts") && !stdout.contains("metrics:"), "{stdout}{stderr}");
    assert!(!stderr.contains("panicked"), "{stdout}{stderr}");
}

fn sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// A program under way, read up to the line with its address.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address =
            line.trim_end().strip_prefix("metrics: http://").and_then(|url| url.strip_suffix("/metrics"));
        Self { child, stdout, address: address.expect("the address comes first").to_owned() }
    }

    fn scrape(&self) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
        answer
    }

    /// Reads lines until one contains `part`.
    fn read_until(&mut self, part: &str) -> String {
        let mut all = String::new();
        while !all.contains(part) {
            assert_ne!(self.stdout.read_line(&mut all).unwrap(), 0, "no {part:?} in:\n{all}");
        }
        all
    }

    /// The exit code and what else is printed.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }

    /// As Ctrl-C does.
    #[cfg(unix)]
    fn interrupt(&self) {
        // The shell's own `kill`: a small installation has no program of that name.
        let kill = Command::new("sh").args(["-c", "kill -INT $0", &self.child.id().to_string()]).status();
        assert!(kill.expect("there is a shell").success());
    }
}

/// A test that fails leaves no program behind.
impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Sum of the samples named `name`.
fn sum(exposition: &str, name: &str) -> f64 {
    let is_sample = |rest: &str| rest.starts_with(['{', ' ']);
    let samples = exposition.lines().filter(|line| line.strip_prefix(name).is_some_and(is_sample));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn a_run_ends_with_a_table_and_counts_that_agree() {
    let dir = tempfile::tempdir().unwrap();
    let stream = ["--for", "2s", "--stream", dir.path().to_str().unwrap()];
    let (exit, stdout, stderr) = output(pipeline(sources(), &stream));
    assert_eq!((exit, stderr.as_str()), (Some(0), ""), "{stdout}");
    let start = stdout.lines().nth(1).unwrap();
    assert!(start.starts_with("working for 2s on `") && start.contains(" files)"), "{start}");
    for part in [
        "records",
        "bytes",
        "throughput",
        "p99.9",
        "flush",
        "processing",
        "errors",
        "cost of metrics",
        "counts agree",
    ] {
        assert!(stdout.contains(part), "no {part:?} in:\n{stdout}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "the stream's files are deleted");
}

/// The limit is so low that shards are split, producers throttled and reads refused on any machine.
#[cfg(unix)]
#[test]
fn all_metrics_move_and_stay_to_be_scraped_until_ctrl_c() {
    let more = ["--for", "3s", "--serve", "--shard-limit", "20000", "--max-shards", "4"];
    let mut running = Running::start(pipeline(sources(), &more));
    running.read_until("counts agree");
    let exposition = running.scrape();
    for family in FAMILIES {
        let name = format!("pipeline_{family}");
        assert!(exposition.contains(&format!("\n# TYPE {name} ")), "no {name} in:\n{exposition}");
        let sample =
            if exposition.contains(&format!("# TYPE {name} histogram")) { name + "_count" } else { name };
        // The stream is drained, so what tells how full or how far behind it is has come back to zero.
        let drained =
            ["_queue_size", "_lag_records", "_age_milliseconds"].iter().any(|end| sample.ends_with(end));
        assert_eq!(sum(&exposition, &sample) == 0.0, drained, "{sample} in:\n{exposition}");
    }
    assert!(sum(&exposition, "tachometer_shards") > 0.0, "{exposition}");
    for engine in ["dropped_records", "registration_errors", "callback_errors"] {
        let name = format!("tachometer_{engine}_total");
        assert!(exposition.contains(&format!("\n# TYPE {name} counter")), "no {name} in:\n{exposition}");
        assert_eq!(sum(&exposition, &name), 0.0, "{name} in:\n{exposition}");
    }
    let sent = sum(&exposition, "pipeline_producer_records_sent_total");
    assert_eq!(sent, sum(&exposition, "pipeline_consumer_records_received_total"));
    assert_eq!(sent, sum(&exposition, "pipeline_consumer_processing_time_seconds_count"));
    assert_eq!(sum(&exposition, "pipeline_stream_shards_active"), 4.0);
    running.interrupt();
    let (exit, rest) = running.wait();
    assert_eq!(exit, Some(0), "{rest}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_work_with_the_table() {
    let running = Running::start(pipeline(sources(), &["--for", "1h"]));
    let at_work = || {
        thread::sleep(Duration::from_millis(50));
        sum(&running.scrape(), "pipeline_producer_records_sent_total") > 0.0
    };
    assert!((0..200).any(|_| at_work()), "nothing is sent");
    running.interrupt();
    let (exit, rest) = running.wait();
    assert_eq!(exit, Some(0), "{rest}");
    assert!(
        rest.contains("ended early") && rest.contains("throughput") && rest.contains("counts agree"),
        "{rest}"
    );
}

#[test]
fn producers_that_work_in_shifts_lose_nothing() {
    let command = pipeline(sources(), &["--for", "2", "--shift", "100ms"]);
    let (exit, stdout, stderr) = output(command);
    assert_eq!(exit, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("counts agree"), "{stdout}");
}

#[test]
fn two_lines_from_standard_input_are_repeated() {
    let mut command = pipeline(Path::new("-"), &["--for", "1s"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"the first line\nthe second").unwrap();
    let (exit, stdout, stderr) = text(child.wait_with_output().unwrap());
    assert_eq!(exit, Some(0), "{stderr}");
    assert!(stdout.contains("counts agree"), "{stdout}");
    let records = stdout.lines().find_map(|line| line.trim().strip_prefix("records")).unwrap();
    assert!(records.trim().replace(',', "").parse::<u64>().unwrap() > 1000, "{stdout}");
}

#[test]
fn a_binary_file_is_skipped_beside_a_text() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("picture"), [0, 1, 2, 3]).unwrap();
    fs::write(dir.path().join("text"), "some\nlines\n").unwrap();
    let (exit, stdout, stderr) = output(pipeline(dir.path(), &["--for", "1s"]));
    assert_eq!(exit, Some(0), "{stderr}");
    assert!(stdout.contains("skipped       1 binary") && stdout.contains("counts agree"), "{stdout}");
}

#[test]
fn input_without_records_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert_refused(pipeline(&missing, &[]), 1, &["missing", "name a text file or a directory"]);
    assert_refused(pipeline(dir.path(), &[]), 1, &["no record in", "0 files read"]);
    let binary = dir.path().join("binary");
    fs::write(&binary, [0; 1000]).unwrap();
    assert_refused(pipeline(&binary, &[]), 1, &["no record in", "1 binary"]);
    assert_refused(pipeline(Path::new("-"), &[]), 1, &["no record in standard input"]);
}

#[test]
fn an_address_that_is_wrong_or_taken_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let with = |address: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
        command.args(["--for", "2s", "--listen", address]).arg("--input").arg(sources());
        command
    };
    assert_refused(with(&address), 1, &["--listen", &address, "another port"]);
    assert_refused(with("not an address"), 1, &["--listen", "not an address", "127.0.0.1:9464"]);
    assert_refused(with("127.0.0.1"), 1, &["--listen", "127.0.0.1:9464"]);
}

#[test]
fn wrong_arguments_are_refused() {
    assert_refused(pipeline(sources(), &["--for", "soon"]), 2, &["--for", "soon", "30s"]);
    assert_refused(pipeline(sources(), &["--for", "0"]), 2, &["--for", "100ms"]);
    assert_refused(pipeline(sources(), &["--threads", "0"]), 2, &["--threads", "1..=256"]);
    let no_dir = ["--stream", "/no/such/directory"];
    let advice = ["cannot make a stream in /no/such/directory: entity not found", "exists and is writable"];
    assert_refused(pipeline(sources(), &no_dir), 1, &advice);
}
