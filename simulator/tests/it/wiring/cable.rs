//! A kiosk's transport over virtual TCP: HTTP by hyper, with the limits in time of the shipped one.

use super::PLATFORM;
use axum::body::Body;
use cloud_sync::transport::{
    Chunks, NextChunk, Opening, Sending, Transport, TransportError, WireAnswer, WireRequest, WireStream,
};
use http_body_util::{BodyExt, Limited};
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{future::Future, time::Duration};
use tokio::time::timeout;
use turmoil::net::TcpStream;

/// As the shipped transport: a connection stands in this time or not at all.
const CONNECT_S_MAX: u64 = 5;
/// As the shipped transport: a whole answer, or the head of a stream.
const ANSWER_S_MAX: u64 = 20;
/// As the shipped transport.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// A connection a request, to the one platform there is.
pub struct Cable;

impl Transport for Cable {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(within(ANSWER_S_MAX, async {
            let (parts, body) = exchange(request).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|_| TransportError::Unreachable)?.to_bytes().to_vec();
            Ok(WireAnswer { body, ..head(&parts) })
        }))
    }

    fn open(&self, request: WireRequest) -> Opening<'_> {
        Box::pin(within(ANSWER_S_MAX, async {
            let (parts, body) = exchange(request).await?.into_parts();
            Ok(WireStream { head: head(&parts), chunks: Box::new(Rest(body)) })
        }))
    }
}

async fn exchange(request: WireRequest) -> Result<Response<Incoming>, TransportError> {
    let socket = within(CONNECT_S_MAX, async {
        TcpStream::connect(PLATFORM).await.map_err(|_| TransportError::Unreachable)
    });
    let handshake = http1::handshake(TokioIo::new(socket.await?)).await;
    let (mut sender, connection) = handshake.map_err(|_| TransportError::Unreachable)?;
    // It ends with the answer's last byte, or when nobody wants the answer any more.
    tokio::spawn(connection);
    let http = request.headers.into_iter().fold(
        Request::builder().method(request.method).uri(request.path).header("host", PLATFORM.0),
        |http, (name, value)| http.header(name, value),
    );
    let http = http.body(Body::from(request.body)).map_err(|_| TransportError::BadRequest)?;
    sender.send_request(http).await.map_err(|_| TransportError::Unreachable)
}

async fn within<T>(
    seconds: u64,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    timeout(Duration::from_secs(seconds), work).await.unwrap_or(Err(TransportError::Timeout))
}

fn head(parts: &hyper::http::response::Parts) -> WireAnswer {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    WireAnswer {
        status: parts.status.as_u16(),
        content_type: text("content-type"),
        retry_after: text("retry-after"),
        body: Vec::new(),
    }
}

/// The rest of a stream.
struct Rest(Incoming);

impl Chunks for Rest {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(async move {
            match self.0.frame().await {
                None => Ok(None),
                Some(Ok(frame)) => Ok(Some(frame.into_data().map_or(Vec::new(), |bytes| bytes.to_vec()))),
                Some(Err(_)) => Err(TransportError::Unreachable),
            }
        })
    }
}
