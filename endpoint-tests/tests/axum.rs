//! The endpoint as a part of an axum program.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use axum::Router;
use axum::routing::get;
use tachometer::Registry;
use tachometer_prometheus::Exporter;

fn ask(addr: SocketAddr, request: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(addr)?;
    write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn the_router_serves_beside_the_routes_of_the_program_and_below_a_prefix() -> Result<(), Box<dyn Error>> {
    let registry = Registry::builder().self_metrics(false).build()?;
    registry.gauge("queue_size", "Records waiting.")?.set(7.0);
    let exporter = Exporter::new(&registry);
    let app = Router::new()
        .route("/", get(|| async { "mine" }))
        .nest("/internal", exporter.router())
        .merge(exporter.router())
        .route_service("/other/metrics", exporter.service());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let serving = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
        runtime.block_on(async { serving.await })
    });
    for path in ["/metrics", "/internal/metrics"] {
        let answer = ask(addr, &format!("GET {path}"))?;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
        assert!(answer.ends_with("\nqueue_size 7\n"), "{answer}");
        let answer = ask(addr, &format!("POST {path}"))?;
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    }
    assert!(ask(addr, "GET /internal/health")?.ends_with("\r\n\r\nok\n"));
    assert!(ask(addr, "GET /snapshot.json")?.contains("\"queue_size\""));
    assert!(ask(addr, "GET /")?.ends_with("\r\n\r\nmine"), "the page at / is the program's");
    // The service goes by the path that it is given.
    assert!(ask(addr, "GET /other/metrics")?.starts_with("HTTP/1.1 404 "));
    drop(stop);
    server.join().map_err(|_| "the server panicked")??;
    Ok(())
}
