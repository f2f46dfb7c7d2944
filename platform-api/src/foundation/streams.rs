//! The push streams this process holds open, one per kiosk: who listens, to what, and what each is to be told.
//!
//! Nothing queues up: a stream that was not written yet remembers only the newest place, so a slow reader costs no more
//! than a quick one. The number of streams is bounded. No database, no socket and no clock in here.

use domain::ids::DeviceId;
use protocol::push::Push;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

/// Kiosks woken by one change are told this far apart: a thousand then ask within two seconds, not in one millisecond.
const WAKE_GAP_MS: u32 = 2;
/// When the process stops, kiosks are sent to the next one this far apart.
const RETURN_GAP_MS: u32 = 10;
/// The first of them waits this long.
const RETURN_MS_MIN: u32 = 1_000;

/// All open streams of this process. Clones are the same streams.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<Hub>>);

#[derive(Debug, Default)]
struct Hub {
    open: BTreeMap<DeviceId, Arc<Stream>>,
    cursor: Option<i64>,
    opened: u64,
    stopping: bool,
}

#[derive(Debug)]
struct Stream {
    number: u64,
    life: Listener,
    word: Mutex<Word>,
}

/// Whose stream it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The kiosk.
    pub device: DeviceId,
    /// The life of the kiosk that opened it.
    pub epoch: u32,
    /// The scopes of the change log that concern it.
    pub scopes: Vec<String>,
}

/// What a stream is to say and has not said yet.
#[derive(Debug, Default)]
struct Word {
    wake: Option<Wake>,
    end: Option<Push>,
    waker: Option<Waker>,
}

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// Place of the newest change.
    pub head: i64,
    /// How long to wait before saying so.
    pub after: Duration,
}

/// What is to be said next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something changed.
    Wake(Wake),
    /// This, and then nothing more.
    End(Push),
    /// Nothing; whoever asked is woken when there is.
    Nothing,
}

/// Why no stream is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no stream can be opened here now")]
pub struct NoRoom;

/// An open stream; dropping it closes it.
#[derive(Debug)]
pub struct Open {
    streams: Streams,
    stream: Arc<Stream>,
    /// The place the relay had reached when the stream was opened: what lies after it will be told.
    pub relayed: i64,
}

impl Streams {
    /// Opens a stream in the place of the device's older one, which is told so. `newest` is the newest place of the
    /// change log as the caller has just read it.
    ///
    /// # Errors
    /// [`NoRoom`] when `streams_max` are open already, or the process is about to stop.
    pub fn open(&self, listener: Listener, newest: i64, streams_max: usize) -> Result<Open, NoRoom> {
        let mut hub = self.lock();
        let replaces = hub.open.contains_key(&listener.device);
        if hub.stopping || (!replaces && hub.open.len() >= streams_max) {
            return Err(NoRoom);
        }
        hub.opened += 1;
        let device = listener.device;
        let stream = Arc::new(Stream { number: hub.opened, life: listener, word: Mutex::default() });
        if let Some(older) = hub.open.insert(device, Arc::clone(&stream)) {
            older.end(Push::Replaced);
        }
        let relayed = *hub.cursor.get_or_insert(newest);
        Ok(Open { streams: self.clone(), stream, relayed })
    }

    /// The place the relay has reached; `None` while nobody ever listened.
    pub fn cursor(&self) -> Option<i64> {
        self.lock().cursor
    }

    /// Everything up to `cursor` is told: each concerned stream is woken once, one shortly after the other. `changed`
    /// holds the newest place of each scope.
    pub fn relay(&self, cursor: i64, changed: &BTreeMap<String, i64>) {
        let mut hub = self.lock();
        hub.cursor = Some(cursor);
        let concerned = hub.open.values().filter_map(|stream| {
            let newest = stream.life.scopes.iter().filter_map(|scope| changed.get(scope)).max()?;
            Some((stream, *newest))
        });
        for ((stream, head), nth) in concerned.zip(0_u32..) {
            stream.wake(Wake { head, after: millis(nth.saturating_mul(WAKE_GAP_MS)) });
        }
    }

    /// Who listens, after `after`, at most `limit`.
    pub fn listeners(&self, after: Option<DeviceId>, limit: usize) -> Vec<Listener> {
        let hub = self.lock();
        let later = hub.open.values().filter(|stream| after.is_none_or(|after| stream.life.device > after));
        later.take(limit).map(|stream| stream.life.clone()).collect()
    }

    /// Ends the stream of this life of a kiosk.
    pub fn end(&self, listener: &Listener, why: Push) {
        let mut hub = self.lock();
        if hub.open.get(&listener.device).is_some_and(|stream| stream.life.epoch == listener.epoch)
            && let Some(stream) = hub.open.remove(&listener.device)
        {
            stream.end(why);
        }
    }

    /// Ends every stream and opens no other: the process is about to stop.
    pub fn stop(&self) {
        let mut hub = self.lock();
        hub.stopping = true;
        for (stream, nth) in std::mem::take(&mut hub.open).into_values().zip(0_u32..) {
            let retry_ms = RETURN_MS_MIN.saturating_add(nth.saturating_mul(RETURN_GAP_MS));
            stream.end(Push::Closing { retry_ms });
        }
    }

    /// How many streams are open.
    pub fn count(&self) -> usize {
        self.lock().open.len()
    }

    fn close(&self, stream: &Stream) {
        let mut hub = self.lock();
        // The device may have opened another one since.
        if hub.open.get(&stream.life.device).is_some_and(|open| open.number == stream.number) {
            hub.open.remove(&stream.life.device);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hub> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// What is to be said next. When it is nothing, `waker` is called as soon as there is something.
    pub fn next(&self, waker: &Waker) -> Next {
        let mut word = self.stream.lock();
        if let Some(why) = word.end {
            return Next::End(why);
        }
        if let Some(wake) = word.wake.take() {
            return Next::Wake(wake);
        }
        if word.waker.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            word.waker = Some(waker.clone());
        }
        Next::Nothing
    }

    /// Grows with every stream of this process.
    pub fn number(&self) -> u64 {
        self.stream.number
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.close(&self.stream);
    }
}

impl Stream {
    fn wake(&self, wake: Wake) {
        let mut word = self.lock();
        // The sooner of the two: what waits already must not be put off again and again.
        let after = word.wake.map_or(wake.after, |waiting| waiting.after.min(wake.after));
        word.wake = Some(Wake { after, ..wake });
        call(word);
    }

    fn end(&self, why: Push) {
        let mut word = self.lock();
        word.end = Some(why);
        call(word);
    }

    fn lock(&self) -> MutexGuard<'_, Word> {
        self.word.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes who waits, without holding the lock.
fn call(mut word: MutexGuard<'_, Word>) {
    let waker = word.waker.take();
    drop(word);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(number: u8, scope: &str) -> Listener {
        let device = DeviceId::from_bytes([number; 16]);
        Listener { device, epoch: 1, scopes: vec!["city".to_owned(), scope.to_owned()] }
    }

    fn open(streams: &Streams, number: u8, scope: &str) -> Open {
        streams.open(listener(number, scope), 10, 100).unwrap()
    }

    fn changed(scope: &str, seq: i64) -> BTreeMap<String, i64> {
        BTreeMap::from([(scope.to_owned(), seq)])
    }

    fn next(open: &Open) -> Next {
        open.next(Waker::noop())
    }

    #[test]
    fn only_those_concerned_are_woken_each_a_little_later_than_the_one_before() {
        let streams = Streams::default();
        let (a, b, c) =
            (open(&streams, 1, "mall:x"), open(&streams, 2, "mall:y"), open(&streams, 3, "mall:x"));
        streams.relay(11, &changed("mall:x", 11));
        assert_eq!(next(&a), Next::Wake(Wake { head: 11, after: Duration::ZERO }));
        assert_eq!(next(&b), Next::Nothing);
        assert_eq!(next(&c), Next::Wake(Wake { head: 11, after: millis(WAKE_GAP_MS) }));
        assert_eq!(next(&a), Next::Nothing, "told once");
    }

    #[test]
    fn a_stream_that_is_not_read_holds_one_word_however_much_happens() {
        let streams = Streams::default();
        let open = open(&streams, 1, "mall:x");
        for seq in 11..1_000 {
            streams.relay(seq, &changed("city", seq));
        }
        assert_eq!(next(&open), Next::Wake(Wake { head: 999, after: Duration::ZERO }));
        assert_eq!(next(&open), Next::Nothing);
    }

    #[test]
    fn a_new_stream_of_a_kiosk_ends_the_older_and_outlives_its_closing() {
        let streams = Streams::default();
        let older = open(&streams, 1, "mall:x");
        let newer = open(&streams, 1, "mall:x");
        assert_eq!(next(&older), Next::End(Push::Replaced));
        drop(older);
        assert_eq!(streams.count(), 1);
        drop(newer);
        assert_eq!(streams.count(), 0);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more_and_a_return_needs_none() {
        let streams = Streams::default();
        let _one = streams.open(listener(1, "mall:x"), 10, 1).unwrap();
        assert_eq!(streams.open(listener(2, "mall:x"), 10, 1).unwrap_err(), NoRoom);
        assert!(streams.open(listener(1, "mall:x"), 10, 1).is_ok());
    }

    #[test]
    fn what_the_relay_passed_before_a_stream_was_opened_is_known() {
        let streams = Streams::default();
        assert_eq!(streams.cursor(), None, "nobody listens, nothing is read");
        assert_eq!(open(&streams, 1, "mall:x").relayed, 10);
        streams.relay(15, &BTreeMap::new());
        assert_eq!(open(&streams, 2, "mall:x").relayed, 15, "newer than the 10 its caller had read");
    }

    #[test]
    fn a_stop_ends_all_streams_sends_kiosks_away_one_by_one_and_opens_no_other() {
        let streams = Streams::default();
        let (a, b) = (open(&streams, 1, "mall:x"), open(&streams, 2, "mall:y"));
        streams.stop();
        assert_eq!(next(&a), Next::End(Push::Closing { retry_ms: 1_000 }));
        assert_eq!(next(&b), Next::End(Push::Closing { retry_ms: 1_010 }));
        assert_eq!(streams.open(listener(3, "mall:x"), 10, 9).unwrap_err(), NoRoom);
    }

    #[test]
    fn a_life_that_ended_takes_only_its_own_stream_along() {
        let streams = Streams::default();
        let again = Listener { epoch: 2, ..listener(1, "mall:x") };
        let open = streams.open(again.clone(), 10, 9).unwrap();
        streams.end(&listener(1, "mall:x"), Push::Revoked);
        assert_eq!(next(&open), Next::Nothing);
        streams.end(&again, Push::Revoked);
        assert_eq!(next(&open), Next::End(Push::Revoked));
    }
}
