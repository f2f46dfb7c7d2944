//! HTTPS by reqwest: rustls, no redirects, no proxy, limits on time and size.

use super::{Sending, Transport, TransportError, WireAnswer, WireRequest};
use reqwest::{
    Certificate, Client,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER},
    redirect,
};
use std::{error::Error, time::Duration};

/// A connection in a mall stands within this time, or not at all.
const CONNECT_S_MAX: u64 = 5;
/// A whole answer: a full feed page on a slow mobile link.
const ANSWER_S_MAX: u64 = 20;
/// Bytes of an answer after decompression: a page of 500 rows is well under one megabyte.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// The transport of a shipped kiosk.
pub struct HttpTransport {
    client: Client,
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
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .timeout(Duration::from_secs(ANSWER_S_MAX));
        if let Some(pem) = pinned_ca_pem {
            let authorities = Certificate::from_pem_bundle(pem)?;
            if authorities.is_empty() {
                return Err(HttpError::NoCertificate);
            }
            builder = builder.tls_certs_only(authorities);
        }
        Ok(HttpTransport { client: builder.build()? })
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, TransportError> {
        let url = format!("{}{}", request.origin, request.path);
        let mut sending = match request.method {
            "GET" => self.client.get(url),
            _ => self.client.post(url).body(request.body),
        };
        for (name, value) in request.headers {
            sending = sending.header(HeaderName::from_static(name), value);
        }
        let mut answer = sending.send().await.map_err(|error| class(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| class(&error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireAnswer {
            status: answer.status().as_u16(),
            content_type: text(answer.headers(), CONTENT_TYPE),
            retry_after: text(answer.headers(), RETRY_AFTER),
            body,
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(self.exchange(request))
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
    if has_tls_cause(error) { TransportError::NotSecure } else { TransportError::Unreachable }
}

/// reqwest does not name TLS failures: they are told by the cause at the bottom.
fn has_tls_cause(error: &dyn Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.to_string().contains("certificate") {
            return true;
        }
        cause = inner.source();
    }
    false
}
