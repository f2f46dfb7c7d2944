//! HTTPS by reqwest: rustls, no redirects, no proxy, limits on time and size; plain HTTP to this machine only.

use super::{
    Chunks, NextChunk, Opening, Sending, Transport, TransportError, WireAnswer, WireRequest, WireStream,
    origin::{self, OriginError},
};
use reqwest::{
    Certificate, Client, ClientBuilder, RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER},
    redirect,
};
use rustls::CertificateError;
use std::{error::Error, io, time::Duration};

/// A connection in a mall stands within this time, or not at all.
const CONNECT_S_MAX: u64 = 5;
/// A whole answer: a full feed page on a slow mobile link.
const ANSWER_S_MAX: u64 = 20;
/// Bytes of an answer after decompression: a page of 500 rows is well under one megabyte.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// A stream that says nothing for so long has gone: the core hangs up sooner, this is for the case that it cannot.
const SILENCE_S_MAX: u64 = 120;

/// The transport of a shipped kiosk.
pub struct HttpTransport {
    client: Client,
    /// Without a limit on the whole answer, and with connections of its own.
    streams: Client,
}

/// Why there can be no HTTP transport.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A certificate cannot be read, or the system gives no TLS.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
    /// The text given as the pinned authority holds no certificate.
    #[error("the pinned authority holds no certificate")]
    NoCertificate,
}

impl HttpTransport {
    /// A transport that trusts the authorities in `pinned_ca_pem` only; with none, those of the system.
    ///
    /// # Errors
    /// [`HttpError`] when the PEM holds no certificate or the system gives no TLS.
    pub fn new(pinned_ca_pem: Option<&[u8]>) -> Result<HttpTransport, HttpError> {
        let client = builder(pinned_ca_pem)?.timeout(Duration::from_secs(ANSWER_S_MAX)).build()?;
        let streams =
            builder(pinned_ca_pem)?.read_timeout(Duration::from_secs(SILENCE_S_MAX)).no_gzip().build()?;
        Ok(HttpTransport { client, streams })
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, TransportError> {
        let mut answer = outgoing(&self.client, request)?.send().await.map_err(|error| class(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| class(&error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireAnswer { body, ..head(&answer) })
    }

    async fn begin(&self, request: WireRequest) -> Result<WireStream, TransportError> {
        let sending = outgoing(&self.streams, request)?.send();
        let answer = tokio::time::timeout(Duration::from_secs(ANSWER_S_MAX), sending).await;
        let answer = answer.map_err(|_| TransportError::Timeout)?.map_err(|error| class(&error))?;
        Ok(WireStream { head: head(&answer), chunks: Box::new(Body(answer)) })
    }
}

fn builder(pinned_ca_pem: Option<&[u8]>) -> Result<ClientBuilder, HttpError> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(CONNECT_S_MAX));
    let Some(pem) = pinned_ca_pem else { return Ok(builder) };
    let authorities = Certificate::from_pem_bundle(pem)?;
    if authorities.is_empty() {
        return Err(HttpError::NoCertificate);
    }
    Ok(builder.tls_certs_only(authorities))
}

fn outgoing(client: &Client, request: WireRequest) -> Result<RequestBuilder, TransportError> {
    let url = address(&request)?;
    let sending = match request.method {
        "GET" => client.get(url),
        _ => client.post(url).body(request.body),
    };
    let headers = request.headers.into_iter();
    Ok(headers.fold(sending, |sending, (name, value)| sending.header(HeaderName::from_static(name), value)))
}

/// A kiosk paired by an older build may remember an address that is not taken any more.
fn address(request: &WireRequest) -> Result<Url, TransportError> {
    let url = Url::parse(&format!("{}{}", request.origin, request.path));
    let url = url.map_err(|_| TransportError::BadRequest)?;
    match origin::check(&url) {
        Ok(()) => Ok(url),
        Err(OriginError::PlainHttp) => Err(TransportError::PlainHttp),
        Err(OriginError::NotAnAddress | OriginError::TooMuch) => Err(TransportError::BadRequest),
    }
}

fn head(answer: &Response) -> WireAnswer {
    WireAnswer {
        status: answer.status().as_u16(),
        content_type: text(answer.headers(), CONTENT_TYPE),
        retry_after: text(answer.headers(), RETRY_AFTER),
        body: Vec::new(),
    }
}

/// The rest of an answer.
struct Body(Response);

impl Chunks for Body {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(async move {
            let chunk = self.0.chunk().await.map_err(|error| class(&error))?;
            Ok(chunk.map(|bytes| bytes.to_vec()))
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(self.exchange(request))
    }

    fn open(&self, request: WireRequest) -> Opening<'_> {
        Box::pin(self.begin(request))
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn class(error: &reqwest::Error) -> TransportError {
    if error.is_builder() {
        return TransportError::BadRequest;
    }
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    tls_cause(error).map_or(TransportError::Unreachable, tls_class)
}

/// The TLS failure at the bottom of an error, if there is one.
fn tls_cause(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        cause = match inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // What an I/O error carries, its `source` passes over.
            Some(carried) => Some(carried),
            None => inner.source(),
        };
    }
    None
}

fn tls_class(error: &rustls::Error) -> TransportError {
    use CertificateError as Why;
    let rustls::Error::InvalidCertificate(why) = error else { return TransportError::NotSecure };
    // An authority that only has the name of ours signs with another key.
    if matches!(why, Why::UnknownIssuer | Why::BadSignature) {
        return TransportError::UnknownAuthority;
    }
    if matches!(why, Why::NotValidForName | Why::NotValidForNameContext { .. }) {
        return TransportError::WrongHost;
    }
    let is_early = matches!(why, Why::NotValidYet | Why::NotValidYetContext { .. });
    let is_late = matches!(why, Why::Expired | Why::ExpiredContext { .. });
    if is_early || is_late { TransportError::NotValidToday } else { TransportError::NotSecure }
}
