//! The push stream of a running engine: a task of its own that turns bytes into events.

use crate::{
    core::Event,
    store::Identity,
    transport::{Chunks, Transport, WireAnswer, WireRequest},
    wire::{self, Failure, Signer},
};
use domain::time::UtcMillis;
use ed25519_dalek::SigningKey;
use protocol::push::Reader;
use std::sync::Arc;
use tokio::{sync::mpsc, task::AbortHandle};

/// Words that may wait for the engine. Past it the stream is read no further, and the platform is what waits.
const WORDS_MAX: usize = 16;
/// Bytes read of an answer that is no stream: a refusal is far shorter.
const REFUSAL_BYTES_MAX: usize = 16 << 10;

/// Listens to at most one stream. When it is dropped the stream is.
pub(super) struct Listener {
    say: mpsc::Sender<Event>,
    heard: mpsc::Receiver<Event>,
    task: Option<AbortHandle>,
}

impl Listener {
    pub(super) fn new() -> Listener {
        let (say, heard) = mpsc::channel(WORDS_MAX);
        Listener { say, heard, task: None }
    }

    /// What the stream says next; waits for ever while there is none.
    pub(super) async fn next(&mut self) -> Event {
        match self.heard.recv().await {
            Some(event) => event,
            // This listener holds a sender itself.
            None => std::future::pending().await,
        }
    }

    /// Opens a stream in the place of the one before.
    pub(super) fn listen(&mut self, stream: u32, transport: Arc<dyn Transport>, request: WireRequest) {
        self.hang_up();
        let say = self.say.clone();
        let task = tokio::spawn(async move {
            let failure = listen(stream, transport.as_ref(), request, &say).await.err();
            // The engine has gone: nobody needs to know.
            let _ = say.send(Event::StreamEnded { stream, failure }).await;
        });
        self.task = Some(task.abort_handle());
    }

    /// Drops the stream, if there is one.
    pub(super) fn hang_up(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// The request that opens a stream, signed if the kiosk is enrolled.
pub(super) fn request(
    origin: &str,
    since: u64,
    (identity, at): (Option<&(Identity, SigningKey)>, UtcMillis),
) -> WireRequest {
    let signer = identity.map(|(identity, key)| Signer { device: identity.device, key, at, counter: None });
    wire::stream::request(origin, since, signer.as_ref())
}

async fn listen(
    stream: u32,
    transport: &dyn Transport,
    request: WireRequest,
    say: &mpsc::Sender<Event>,
) -> Result<(), Failure> {
    let mut answer = transport.open(request).await?;
    if !wire::stream::is_stream(&answer.head) {
        let body = read_refusal(answer.chunks.as_mut()).await?;
        return Err(wire::stream::why_not(&WireAnswer { body, ..answer.head }));
    }
    let mut reader = Reader::default();
    while let Some(bytes) = answer.chunks.next().await? {
        for push in reader.read(&bytes).map_err(|_| Failure::NotPlatform)? {
            if say.send(Event::Pushed { stream, push }).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn read_refusal(chunks: &mut dyn Chunks) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(bytes) = chunks.next().await? {
        if body.len() + bytes.len() > REFUSAL_BYTES_MAX {
            return Err(Failure::NotPlatform);
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}
