//! Streams over connections that stall, break and are told to stop, on a clock that moves only when nothing else happens.
//!
//! The real router behind the real connection code, over bytes in memory.

use super::stream::{newest, paused, request, write};
use crate::{harness::Platform, kiosk::Kiosk};
use axum::body::Body;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use platform_api::{modules::push, serve::serve_connection};
use protocol::push::{Push, Reader, SILENCE_MS_MAX};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// The platform's end of a link.
struct Served {
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

fn serve(platform: &Platform, io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Served {
    let (stop, stopped) = watch::channel(false);
    let peer = ([127, 0, 0, 1], 9).into();
    let serving = tokio::spawn(serve_connection(io, platform.router(), (peer, 30), stopped));
    Served { stop, serving }
}

/// Carries bytes both ways while it is plugged in; while it is not they are held back, and nobody is told.
fn link(platform: &Platform) -> (DuplexStream, Served, watch::Sender<bool>) {
    let (kiosk_end, mut near) = duplex(4_096);
    let (mut far, platform_end) = duplex(4_096);
    let (plug, mut plugged) = watch::channel(true);
    tokio::spawn(async move {
        let (mut up, mut down) = ([0; 512], [0; 512]);
        loop {
            if plugged.wait_for(|plugged| *plugged).await.is_err() {
                return;
            }
            let carried = tokio::select! {
                _ = plugged.changed() => continue,
                read = near.read(&mut up) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => far.write_all(&up[..length]).await,
                },
                read = far.read(&mut down) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => near.write_all(&down[..length]).await,
                },
            };
            if carried.is_err() {
                return;
            }
        }
    });
    (kiosk_end, serve(platform, platform_end), plug)
}

/// A kiosk's stream over a link.
struct Heard {
    body: hyper::body::Incoming,
    reader: Reader,
}

async fn listen(platform: &Platform, kiosk: &Kiosk, io: DuplexStream, since: u64) -> Heard {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let mut request = request(platform, kiosk, since).map(|_: Body| Empty::<axum::body::Bytes>::new());
    request.headers_mut().insert("host", "platform.test".parse().unwrap());
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    Heard { body: answer.into_body(), reader: Reader::default() }
}

impl Heard {
    /// What is said next; nothing at the end of the stream.
    async fn next(&mut self) -> Vec<Push> {
        match self.body.frame().await {
            Some(frame) => self.reader.read(frame.unwrap().data_ref().unwrap()).unwrap(),
            None => Vec::new(),
        }
    }
}

#[tokio::test]
async fn a_link_that_holds_everything_back_is_noticed_by_silence_and_the_next_stream_misses_nothing() {
    let (platform, kiosk) = paused().await;
    let reached = newest(&platform);
    let (io, _served, plug) = link(&platform);
    let mut stream = listen(&platform, &kiosk, io, reached).await;
    assert_eq!(stream.next().await, [Push::Open { head: reached }]);
    plug.send_replace(false);
    let head = write(&platform, "a", "city".to_owned());
    push::relay(&platform.app).unwrap();
    let cut_at = Instant::now();
    let silence = Duration::from_millis(u64::from(SILENCE_MS_MAX));
    assert!(timeout(silence, stream.next()).await.is_err(), "no word gets through, no error either");
    assert!(cut_at.elapsed() >= silence);
    drop(stream);
    let (io, _served_again, _plug) = link(&platform);
    let mut stream = listen(&platform, &kiosk, io, reached).await;
    assert_eq!(stream.next().await, [Push::Open { head }, Push::Changed { head }]);
    assert_eq!(platform.app.streams.count(), 1, "the older one has made room");
}

#[tokio::test]
async fn a_stop_ends_streams_in_good_order_and_their_connections_with_them() {
    let (platform, kiosk) = paused().await;
    let (io, served, _plug) = link(&platform);
    let mut stream = listen(&platform, &kiosk, io, newest(&platform)).await;
    stream.next().await;
    platform.app.streams.stop();
    served.stop.send_replace(true);
    assert_eq!(stream.next().await, [Push::Closing { retry_ms: 1_000 }]);
    assert_eq!(stream.next().await, []);
    timeout(Duration::from_secs(1), served.serving).await.expect("still connected").unwrap();
    assert_eq!(platform.app.streams.count(), 0);
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_dropped() {
    let (platform, kiosk) = paused().await;
    // Room for the head of an answer and a few beats.
    let (mut kiosk_end, platform_end) = duplex(512);
    let served = serve(&platform, platform_end);
    let request = request(&platform, &kiosk, 0);
    let mut head = format!("GET {} HTTP/1.1\r\nhost: platform.test\r\n", request.uri());
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    kiosk_end.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let began = Instant::now();
    timeout(Duration::from_secs(900), served.serving).await.expect("still waiting for the reader").unwrap();
    assert!(began.elapsed() >= Duration::from_secs(30));
    assert_eq!(platform.app.streams.count(), 0);
    drop(kiosk_end);
}
