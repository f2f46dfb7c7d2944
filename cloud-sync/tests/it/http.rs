//! HTTP: no redirect followed, no answer without end, no stranger's certificate.

use cloud_sync::transport::{Transport, TransportError, WireAnswer, WireRequest, http::HttpTransport};
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

/// Answers one connection with `answer`, whatever is asked; gives what was asked.
fn serve(answer: Vec<u8>) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; 65_536];
        let length = stream.read(&mut asked).unwrap();
        asked.truncate(length);
        // The other side may have heard enough.
        let _ = stream.write_all(&answer);
        asked
    });
    (origin, thread)
}

fn send(origin: &str, method: &'static str, body: &[u8]) -> Result<WireAnswer, TransportError> {
    let request = WireRequest {
        origin: origin.to_owned(),
        method,
        path: "/api/k/v1/leases:close?x=1".to_owned(),
        headers: vec![("x-device", "abc".to_owned())],
        body: body.to_vec(),
    };
    let transport = HttpTransport::new(None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(transport.send(request))
}

fn text(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[test]
fn path_headers_and_body_go_out_as_they_were_signed() {
    let (origin, thread) =
        serve(text("200 OK", "content-type: application/json\r\nretry-after: 3\r\n", "{}"));
    let answer = send(&origin, "POST", b"{\"used\":3}").unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.retry_after.as_deref(), Some("3"));
    let asked = String::from_utf8(thread.join().unwrap()).unwrap();
    assert!(asked.starts_with("POST /api/k/v1/leases:close?x=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("x-device: abc\r\n") && asked.ends_with("{\"used\":3}"), "{asked}");
}

#[test]
fn a_redirect_is_an_answer_not_a_way_to_go() {
    let (elsewhere, _thread) = serve(text("200 OK", "", "portal"));
    let (origin, thread) = serve(text("302 Found", &format!("location: {elsewhere}/\r\n"), ""));
    assert_eq!(send(&origin, "GET", b"").unwrap().status, 302);
    thread.join().unwrap();
}

#[test]
fn an_answer_that_does_not_end_is_cut() {
    let mut endless = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n".to_vec();
    endless.resize(endless.len() + (5 << 20), b' ');
    let (origin, _thread) = serve(endless);
    assert_eq!(send(&origin, "GET", b""), Err(TransportError::TooLong));
}

#[test]
fn an_answer_that_swells_is_cut_where_a_long_one_would_be() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 64 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000, "few bytes on the wire");
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let (origin, _thread) = serve([head.as_bytes(), &packed].concat());
    assert_eq!(send(&origin, "GET", b""), Err(TransportError::TooLong));
}

#[test]
fn a_compressed_answer_is_read_and_asked_for() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"{}").unwrap();
    let packed = packed.finish().unwrap();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let (origin, thread) = serve([head.as_bytes(), &packed].concat());
    assert_eq!(send(&origin, "GET", b"").unwrap().body, b"{}");
    assert!(String::from_utf8(thread.join().unwrap()).unwrap().contains("accept-encoding: gzip"));
}

#[test]
fn half_an_answer_is_none() {
    let (origin, thread) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"returned\"".to_vec());
    assert_eq!(send(&origin, "GET", b""), Err(TransportError::Unreachable));
    thread.join().unwrap();
}

#[test]
fn nobody_there_and_no_address_have_their_class() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(send(&format!("http://{closed}"), "GET", b""), Err(TransportError::Unreachable));
    assert_eq!(send("no address", "GET", b""), Err(TransportError::BadRequest));
}

#[test]
fn plain_http_to_another_machine_is_not_even_connected() {
    // This address is answered here and is none of this machine's own names.
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(send(&origin, "POST", b"secret"), Err(TransportError::PlainHttp));
    assert_eq!(open(&origin, 1), Err(TransportError::PlainHttp));
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody called");
}

#[test]
fn a_pinned_authority_must_be_one() {
    assert!(
        HttpTransport::new(Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).is_err()
    );
    assert!(HttpTransport::new(Some(b"not a certificate")).is_err());
}

/// The head of a stream and its chunks until `count` came or the stream ended.
fn open(origin: &str, count: usize) -> Result<(WireAnswer, Vec<Vec<u8>>), TransportError> {
    let request = WireRequest {
        origin: origin.to_owned(),
        method: "GET",
        path: "/api/k/v1/stream".to_owned(),
        headers: vec![("last-event-id", "7".to_owned())],
        body: Vec::new(),
    };
    let transport = HttpTransport::new(None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut stream = transport.open(request).await?;
        let mut chunks = Vec::new();
        while chunks.len() < count {
            match stream.chunks.next().await? {
                Some(chunk) => chunks.push(chunk),
                None => break,
            }
        }
        Ok((stream.head, chunks))
    })
}

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn a_stream_is_read_while_it_comes_and_its_end_is_told_from_a_break() {
    let (origin, thread) = serve(format!("{STREAM}7\r\n: beat\n\r\n").into_bytes());
    let (head, chunks) = open(&origin, 1).unwrap();
    assert_eq!((head.status, head.content_type.as_deref()), (200, Some("text/event-stream")));
    assert_eq!(chunks, [b": beat\n"]);
    let asked = String::from_utf8(thread.join().unwrap()).unwrap();
    assert!(asked.contains("last-event-id: 7\r\n") && !asked.contains("accept-encoding"), "{asked}");

    let (origin, _thread) = serve(format!("{STREAM}7\r\n: beat\n\r\n0\r\n\r\n").into_bytes());
    assert_eq!(open(&origin, 9).unwrap().1.len(), 1, "ended in good order");
    let (origin, _thread) = serve(format!("{STREAM}7\r\n: be").into_bytes());
    assert_eq!(open(&origin, 9), Err(TransportError::Unreachable));
}
