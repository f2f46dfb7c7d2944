//! As much HTTP/1.1 as it takes to see where a request and an answer begin and end.
//!
//! Each connection carries one exchange: requests go on with `connection: close`, so an answer ends where the platform's
//! connection does, however it is framed.

use std::io;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};

/// Longest head of either side; the platform's own limit is lower.
const HEAD_MAX: usize = 64 << 10;
/// Longest request: a batch of claims is a tenth of it.
const REQUEST_MAX: usize = 4 << 20;
/// Headers of one message.
const HEADERS_MAX: usize = 64;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A whole request as it goes on to the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The head of an answer, and what of its body came with it; the rest is still to be read.
pub(super) struct Answer {
    pub(super) head: Vec<u8>,
    pub(super) begun: Vec<u8>,
    /// It goes on for as long as both sides like.
    pub(super) is_stream: bool,
    pub(super) rest: TcpStream,
}

/// Reads one request; `None` when the other side asks nothing.
pub(super) async fn read_request(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Request>> {
    let Some((head, mut body)) = read_head(from).await? else { return Ok(None) };
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(&head).map_err(io::Error::other)?;
    let (Some(method), Some(path)) = (parsed.method, parsed.path) else {
        return Err(io::Error::other("a request without method or path"));
    };
    let length = content_length(parsed.headers)?;
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    let hop_by_hop =
        |name: &str| name.eq_ignore_ascii_case("connection") || name.eq_ignore_ascii_case("keep-alive");
    for header in parsed.headers.iter().filter(|header| !hop_by_hop(header.name)) {
        bytes.extend_from_slice(header.name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(header.value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    let (method, path) = (method.to_owned(), path.to_owned());
    let missing = length.saturating_sub(body.len());
    let begun = body.len();
    body.resize(begun + missing, 0);
    from.read_exact(&mut body[begun..]).await?;
    bytes.extend_from_slice(&body);
    Ok(Some(Request { method, path, bytes }))
}

/// Reads the head of the answer.
pub(super) async fn read_answer(mut from: TcpStream) -> io::Result<Answer> {
    let Some((head, begun)) = read_head(&mut from).await? else {
        return Err(io::Error::other("the platform said nothing"));
    };
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut headers);
    parsed.parse(&head).map_err(io::Error::other)?;
    let is_stream = parsed.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("content-type") && header.value.starts_with(b"text/event-stream")
    });
    Ok(Answer { head, begun, is_stream, rest: from })
}

impl Answer {
    /// The body as far as a fault needs it: all of it, or of a stream what comes first.
    pub(super) async fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = std::mem::take(&mut self.begun);
        if !self.is_stream {
            self.rest.read_to_end(&mut body).await?;
        } else if body.is_empty() {
            self.rest.read_buf(&mut body).await?;
        }
        Ok(body)
    }
}

/// A head up to and with its empty line, and what was read beyond it.
async fn read_head(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(place) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
            let beyond = bytes.split_off(place + HEAD_END.len());
            return Ok(Some((bytes, beyond)));
        }
        if bytes.len() > HEAD_MAX {
            return Err(io::Error::other("a head without end"));
        }
        if from.read_buf(&mut bytes).await? == 0 {
            let is_nothing = bytes.is_empty();
            return if is_nothing { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}

/// Kiosks send a length with every body; anything else is not for this proxy.
fn content_length(headers: &[httparse::Header<'_>]) -> io::Result<usize> {
    let find = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if find("transfer-encoding").is_some() {
        return Err(io::Error::other("a request without a length"));
    }
    let Some(header) = find("content-length") else { return Ok(0) };
    let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
    length
        .filter(|length| *length <= REQUEST_MAX)
        .ok_or_else(|| io::Error::other("a length that makes no sense"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Option<Request>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut from = bytes;
        runtime.block_on(read_request(&mut from))
    }

    #[test]
    fn a_request_goes_on_as_it_came_and_asks_for_the_end_of_the_connection() {
        let request = read(
            b"POST /x?a=1 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabcdef",
        )
        .unwrap()
        .unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/x?a=1"));
        let expected =
            "POST /x?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nconnection: close\r\n\r\nabcdef";
        assert_eq!(String::from_utf8(request.bytes).unwrap(), expected);
    }

    #[test]
    fn half_a_request_is_none_and_no_request_is_no_error() {
        assert!(read(b"GET / HTTP/1.1\r\nHost").is_err());
        assert!(read(b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab").is_err());
        assert!(read(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert_eq!(read(b"").unwrap(), None);
    }
}
