//! Cues through the sound card, by rodio, on a thread of their own: a sound card that hangs stops nothing else.

use std::io;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rodio::buffer::SamplesBuffer;
use rodio::{DeviceSinkBuilder, MixerDeviceSink};

use super::tones::{SAMPLE_RATE, samples};
use crate::ports::{Cue, Speaker};

/// Cues that may wait: more would sound long after what they mean.
const CUES_MAX: usize = 2;

/// Plays cues; silent without a sound card, which is logged once.
pub struct RodioSpeaker {
    cues: SyncSender<Cue>,
}

impl RodioSpeaker {
    /// Starts the thread; it looks for a sound card at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (cues, waiting) = sync_channel(CUES_MAX);
        thread::Builder::new().name("speaker".to_owned()).spawn(move || serve(&waiting))?;
        Ok(Self { cues })
    }
}

impl Speaker for RodioSpeaker {
    fn play(&self, cue: Cue) {
        // A cue that comes too late is worth nothing.
        let _ = self.cues.try_send(cue);
    }
}

fn serve(cues: &Receiver<Cue>) {
    let sink = match DeviceSinkBuilder::open_default_sink() {
        Ok(mut sink) => {
            sink.log_on_drop(false);
            Some(sink)
        }
        Err(error) => {
            tracing::warn!(%error, "no sound card: cues are silent");
            None
        }
    };
    while let Ok(cue) = cues.recv() {
        if let Some(sink) = &sink {
            play(sink, cue);
        }
    }
}

fn play(sink: &MixerDeviceSink, cue: Cue) {
    if let Some(rate) = NonZeroU32::new(SAMPLE_RATE) {
        sink.mixer().add(SamplesBuffer::new(NonZeroU16::MIN, rate, samples(cue)));
    }
}
