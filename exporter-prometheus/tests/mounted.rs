//! The service in a server or an executor of the program.

mod common;

use std::task::{Context, Waker};
use std::thread;

use http_body_util::BodyExt;
use hyper::{Method, Request, StatusCode};
// An executor that is not tokio.
use pollster::block_on;
use tachometer_prometheus::{AnswerBody, Exporter, MetricsService};

use common::{EXPOSITION, Gate, Outcome, ask, exporter, plain};

async fn call(service: &MetricsService, method: Method, path: &str) -> hyper::Response<AnswerBody> {
    let request = Request::builder().method(method).uri(path).body(()).expect("a request");
    let mut service = service.clone();
    match tower_service::Service::call(&mut service, request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

#[test]
fn the_service_answers_in_an_executor_that_is_not_tokio() -> Outcome {
    let service = exporter()?.service();
    block_on(async {
        let answer = call(&service, Method::GET, "/metrics").await;
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(answer.into_body().collect().await?.to_bytes(), EXPOSITION);
        assert_eq!(call(&service, Method::GET, "/nope").await.status(), StatusCode::NOT_FOUND);
        let answer = call(&service, Method::DELETE, "/metrics").await;
        assert_eq!(
            (answer.status(), &answer.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse()?)
        );
        Ok(())
    })
}

#[test]
fn too_many_scrapes_are_refused_wherever_it_is_mounted() -> Outcome {
    let registry = plain();
    let gate = Gate::register(&registry)?;
    let service = Exporter::new(&registry).service().max_scrapes(1);
    let mut waiting = Box::pin(call(&service, Method::GET, "/metrics"));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.await_scrape()?;
    let refused = block_on(call(&service, Method::GET, "/snapshot.json"));
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse()?)
    );
    gate.release()?;
    assert_eq!(block_on(waiting).status(), StatusCode::OK);
    Ok(())
}

#[test]
fn a_hyper_server_of_the_program_serves_it() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let addr = listener.local_addr()?;
    let service = exporter()?.service();
    let serving = async move {
        loop {
            let (stream, _) = listener.accept().await?;
            let io = hyper_util::rt::TokioIo::new(stream);
            let service = service.clone();
            tokio::spawn(async move {
                // What becomes of a connection is the client's business.
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            });
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        runtime.block_on(async {
            let serving: tokio::task::JoinHandle<std::io::Result<()>> = tokio::spawn(serving);
            let _ = stopped.await;
            serving.abort();
        });
    });
    assert_eq!(ask(addr, "GET", "/metrics")?.body, EXPOSITION);
    assert_eq!(ask(addr, "GET", "/health")?.body, "ok\n");
    let head = ask(addr, "HEAD", "/metrics")?;
    assert_eq!((head.header("content-length"), &*head.body), (Some(&*EXPOSITION.len().to_string()), ""));
    drop(stop);
    server.join().expect("no panic");
    Ok(())
}

#[test]
fn a_server_can_be_started_and_dropped_inside_a_runtime_of_the_program() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = exporter()?.serve("127.0.0.1:0")?;
        assert_eq!(ask(server.addr(), "GET", "/metrics")?.body, EXPOSITION);
        drop(server);
        Ok(())
    })
}
