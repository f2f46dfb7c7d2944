//! One request to the platform and its answer, or a stream of them, whatever carries them.

use std::{future::Future, pin::Pin};

pub mod http;
pub mod origin;

/// A request, ready to be sent as is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// Scheme, host and port, for example `https://pass.example.cn`.
    pub origin: String,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

/// An answer, whoever gave it: nothing in it is believed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireAnswer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`, as sent.
    pub content_type: Option<String>,
    /// `retry-after`, as sent.
    pub retry_after: Option<String>,
    /// The body, at most as long as the transport allows.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TransportError {
    /// No connection, or it broke.
    #[error("the platform cannot be reached")]
    Unreachable,
    /// No whole answer in time.
    #[error("the platform did not answer in time")]
    Timeout,
    /// The certificate was signed by nobody this kiosk trusts: the wrong `ca_file`, or a stranger in between.
    #[error("the certificate is from an authority this kiosk does not trust: check ca_file and the network")]
    UnknownAuthority,
    /// The certificate is good, and somebody else's.
    #[error("the certificate is for another host: check the platform's address")]
    WrongHost,
    /// The certificate is not valid yet or not any more, by this machine's clock.
    #[error(
        "the certificate is not valid today: check the clock of this kiosk, then the platform's certificate"
    )]
    NotValidToday,
    /// TLS failed in another way, for example because no version is spoken by both.
    #[error("no secure connection can be made")]
    NotSecure,
    /// The answer is longer than any of ours.
    #[error("the answer is too long")]
    TooLong,
    /// The address is plain `http` and not on this machine: nothing was sent.
    #[error("plain http is allowed to this machine only: pair the kiosk with an https address")]
    PlainHttp,
    /// The address or a header cannot be used.
    #[error("the request cannot be sent")]
    BadRequest,
}

/// What [`Transport::send`] gives.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<WireAnswer, TransportError>> + Send + 'a>>;

/// An answer whose body is still coming.
pub struct WireStream {
    /// Its head; the body is empty.
    pub head: WireAnswer,
    /// Its body.
    pub chunks: Box<dyn Chunks>,
}

/// What [`Chunks::next`] gives: the next bytes, or `None` at the end of the body.
pub type NextChunk<'a> = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, TransportError>> + Send + 'a>>;

/// The body of a [`WireStream`]. Dropping it ends the connection.
pub trait Chunks: Send {
    /// Waits for more bytes; how long is the caller's business.
    fn next(&mut self) -> NextChunk<'_>;
}

/// What [`Transport::open`] gives.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Result<WireStream, TransportError>> + Send + 'a>>;

/// Sends one request. It decides nothing, retries nothing and follows nothing.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the whole answer, within a limit of its own.
    fn send(&self, request: WireRequest) -> Sending<'_>;

    /// Sends the request and waits, within a limit of its own, for the head of the answer.
    fn open(&self, request: WireRequest) -> Opening<'_>;
}
