//! A network that can be cut: while it is, nothing gets out, and an answer that was under way is lost.

use cloud_sync::transport::{
    Chunks, NextChunk, Opening, Sending, Transport, TransportError, WireRequest, WireStream,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Cuts and restores a network; clones share it.
#[derive(Clone, Debug)]
pub struct Cable {
    plugged: Arc<AtomicBool>,
}

impl Cable {
    /// A cable, plugged in or not.
    #[must_use]
    pub fn new(plugged: bool) -> Cable {
        Cable { plugged: Arc::new(AtomicBool::new(plugged)) }
    }

    /// Plugs it in or pulls it out.
    pub fn plug(&self, plugged: bool) {
        self.plugged.store(plugged, Ordering::SeqCst);
    }

    /// True while it is plugged in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.plugged.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<(), TransportError> {
        if self.is_plugged() { Ok(()) } else { Err(TransportError::Unreachable) }
    }
}

/// A transport behind a cable.
pub struct CutTransport<T> {
    cable: Cable,
    inner: T,
}

impl<T: Transport> CutTransport<T> {
    /// Puts `cable` before `inner`.
    pub fn new(inner: T, cable: Cable) -> CutTransport<T> {
        CutTransport { cable, inner }
    }
}

impl<T: Transport> Transport for CutTransport<T> {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(async move {
            self.cable.check()?;
            let answer = self.inner.send(request).await?;
            self.cable.check()?;
            Ok(answer)
        })
    }

    fn open(&self, request: WireRequest) -> Opening<'_> {
        Box::pin(async move {
            self.cable.check()?;
            let stream = self.inner.open(request).await?;
            self.cable.check()?;
            let chunks = Box::new(CutChunks { cable: self.cable.clone(), inner: stream.chunks });
            Ok(WireStream { chunks, ..stream })
        })
    }
}

/// A stream through a cable: what is said while it is out is lost, and nobody is told.
struct CutChunks {
    cable: Cable,
    inner: Box<dyn Chunks>,
}

impl Chunks for CutChunks {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(async move {
            loop {
                let chunk = self.inner.next().await;
                match chunk {
                    Ok(Some(_)) if !self.cable.is_plugged() => {}
                    Ok(None) | Err(_) if !self.cable.is_plugged() => std::future::pending().await,
                    Ok(_) | Err(_) => return chunk,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloud_sync::transport::WireAnswer;

    /// Answers everything, and may pull the cable while it does.
    struct Platform(Option<Cable>);

    impl Transport for Platform {
        fn send(&self, _: WireRequest) -> Sending<'_> {
            if let Some(cable) = &self.0 {
                cable.plug(false);
            }
            Box::pin(async { Ok(WireAnswer { status: 200, ..WireAnswer::default() }) })
        }

        fn open(&self, _: WireRequest) -> Opening<'_> {
            Box::pin(async { Err(TransportError::Unreachable) })
        }
    }

    fn sent(transport: &impl Transport) -> Result<u16, TransportError> {
        let request = WireRequest {
            origin: "http://127.0.0.1:1".into(),
            method: "GET",
            path: "/".into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(transport.send(request)).map(|answer| answer.status)
    }

    #[test]
    fn nothing_passes_a_cut_cable_until_it_is_plugged_in_again() {
        let cable = Cable::new(false);
        let transport = CutTransport::new(Platform(None), cable.clone());
        assert_eq!(sent(&transport), Err(TransportError::Unreachable));
        cable.plug(true);
        assert_eq!(sent(&transport), Ok(200));
    }

    #[test]
    fn an_answer_under_way_is_lost_with_the_cable() {
        let cable = Cable::new(true);
        let transport = CutTransport::new(Platform(Some(cable.clone())), cable);
        assert_eq!(sent(&transport), Err(TransportError::Unreachable));
    }
}
