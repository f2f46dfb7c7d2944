//! One exchange: takes a request, asks what is to happen to it, and makes it happen.

use super::{
    Shared,
    fault::Fault,
    http::{Answer, Request, read_answer, read_request},
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::server::TlsStream;

const PORTAL: &str = "<html><body>欢迎使用免费无线网络，请先登录</body></html>";
const REDIRECT: &str = "HTTP/1.1 302 Found\r\nlocation: http://portal.invalid/login\r\nconnection: close\r\n\
                        content-length: 0\r\n\r\n";

/// The kiosk's end of a connection.
pub(super) trait Client: AsyncRead + AsyncWrite + Unpin + Send {
    /// Makes the end of the connection a reset.
    fn reset(&self) -> io::Result<()>;
}

impl Client for TcpStream {
    fn reset(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Client for TlsStream<TcpStream> {
    fn reset(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Serves the one request of a connection.
pub(super) async fn perform(mut client: impl Client, shared: &Shared) -> io::Result<()> {
    let Some(request) = read_request(&mut client).await? else { return Ok(()) };
    let platform = shared.platform;
    match shared.decide(&request.method, &request.path) {
        None => pass(client, ask(platform, &request).await?).await,
        Some(Fault::LoseRequest | Fault::WrongHost) => Ok(()),
        Some(Fault::CutRequest) => cut(platform, &request).await,
        Some(Fault::LoseAnswer) => ask(platform, &request).await?.body().await.map(drop),
        Some(Fault::DelayAnswer(time)) => {
            let answer = ask(platform, &request).await?;
            sleep(time).await;
            pass(client, answer).await
        }
        Some(Fault::ResetAnswer) => {
            half(&mut client, ask(platform, &request).await?).await?;
            client.reset()
        }
        Some(Fault::TruncateAnswer) => {
            half(&mut client, ask(platform, &request).await?).await?;
            client.shutdown().await
        }
        Some(Fault::DripAnswer { piece, every }) => {
            drip(client, ask(platform, &request).await?, (piece, every)).await
        }
        Some(Fault::Duplicate) => {
            let (first, second) = tokio::join!(ask(platform, &request), ask(platform, &request));
            first?.body().await?;
            pass(client, second?).await
        }
        Some(Fault::Portal) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n";
            say(client, &format!("{head}content-length: {}\r\n\r\n{PORTAL}", PORTAL.len())).await
        }
        Some(Fault::Redirect) => say(client, REDIRECT).await,
        Some(Fault::Unavailable { retry_after_s }) => {
            let when =
                retry_after_s.map_or_else(String::new, |seconds| format!("retry-after: {seconds}\r\n"));
            let head = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n";
            say(client, &format!("{head}{when}\r\n")).await
        }
    }
}

/// Takes what a kiosk says to a stranger, and notes that it did.
pub(super) async fn overhear(mut client: impl Client, shared: &Shared) -> io::Result<()> {
    if let Some(request) = read_request(&mut client).await? {
        shared.note_overheard(&request.method, &request.path);
    }
    Ok(())
}

async fn ask(platform: SocketAddr, request: &Request) -> io::Result<Answer> {
    let mut upstream = TcpStream::connect(platform).await?;
    upstream.write_all(&request.bytes).await?;
    read_answer(upstream).await
}

/// Half of the request reaches the platform, which finds the connection closed.
async fn cut(platform: SocketAddr, request: &Request) -> io::Result<()> {
    let mut upstream = TcpStream::connect(platform).await?;
    upstream.write_all(&request.bytes[..request.bytes.len() / 2]).await?;
    upstream.shutdown().await?;
    // Whatever the platform says to that, nobody hears it; waiting for it shows that it has noticed.
    upstream.read_to_end(&mut Vec::new()).await.map(drop)
}

/// Passes an answer on as it comes, until either side ends it.
async fn pass(client: impl Client, answer: Answer) -> io::Result<()> {
    let (mut hearing, mut saying) = tokio::io::split(client);
    let Answer { head, begun, mut rest, .. } = answer;
    saying.write_all(&head).await?;
    saying.write_all(&begun).await?;
    saying.flush().await?;
    let mut unasked = [0; 64];
    tokio::select! {
        copied = copy(&mut rest, &mut saying) => {
            copied?;
            saying.shutdown().await
        }
        // The kiosk has nothing more to say on this connection: it hangs up.
        _ = hearing.read(&mut unasked) => Ok(()),
    }
}

/// Head and half of the body.
async fn half(client: &mut impl Client, mut answer: Answer) -> io::Result<()> {
    let body = answer.body().await?;
    client.write_all(&answer.head).await?;
    client.write_all(&body[..body.len() / 2]).await?;
    client.flush().await
}

/// All of the answer, slowly; of a stream what came first.
async fn drip(
    mut client: impl Client,
    mut answer: Answer,
    (piece, every): (usize, Duration),
) -> io::Result<()> {
    let mut bytes = answer.head.clone();
    bytes.extend(answer.body().await?);
    for piece in bytes.chunks(piece.max(1)) {
        client.write_all(piece).await?;
        client.flush().await?;
        sleep(every).await;
    }
    client.shutdown().await
}

async fn say(mut client: impl Client, answer: &str) -> io::Result<()> {
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await
}
