//! The platform in memory, as a test holds it: its clock, its stock, its network.

use super::{city::City, lock};
use crate::transport::{
    Chunks, NextChunk, Opening, Sending, Transport, TransportError, WireAnswer, WireRequest, WireStream,
};
use crate::wire;
use domain::{
    ids::{BatchId, DeviceId},
    time::UtcMillis,
    voucher::Voucher,
};
use ed25519_dalek::SigningKey;
use protocol::{
    device::Heartbeat,
    feed::{Change, Row},
    lease::Grant,
    media::{MediaHash, MediaRef},
    outbox::Verdict,
    push::Push,
};
use std::sync::Mutex;
use tokio::sync::mpsc;

/// What happens to one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    LoseRequest,
    /// The platform does what it was asked; the answer is lost.
    LoseAnswer,
    /// Somebody else answers.
    Instead(WireAnswer),
}

/// A platform for one city, in memory. All of its methods may be called while a kiosk talks to it.
pub struct FakePlatform(Mutex<City>);

impl FakePlatform {
    /// An empty city whose clock shows `now`. The same seed gives the same platform key.
    pub fn new(now: UtcMillis, seed: u8) -> FakePlatform {
        FakePlatform(Mutex::new(City::new(now, seed)))
    }

    /// The key grants and pages are signed with.
    pub fn key(&self) -> SigningKey {
        lock(&self.0).key.clone()
    }

    /// Sets the platform's clock.
    pub fn set_now(&self, now: UtcMillis) {
        lock(&self.0).now = now;
    }

    /// Cuts the network, or restores it.
    pub fn cut(&self, cut: bool) {
        lock(&self.0).cut = cut;
    }

    /// Lets something happen to the next exchange that is not spoken for yet.
    pub fn fault(&self, fault: Fault) {
        lock(&self.0).faults.push_back(fault);
    }

    /// Loses the next `times` requests whose path holds this word.
    pub fn lose_path(&self, word: &str, times: u32) {
        lock(&self.0).losing = Some((word.to_owned(), times));
    }

    /// Takes back every fault that has not happened yet.
    pub fn no_more_faults(&self) {
        lock(&self.0).faults.clear();
    }

    /// Makes a pairing code work once: for a new kiosk, or for one to be enrolled again.
    pub fn pair(&self, pairing_code: &str, again: Option<DeviceId>) {
        lock(&self.0).pairing.insert(pairing_code.to_owned(), again);
    }

    /// Refuses a device from now on, or no longer.
    pub fn revoke(&self, device: DeviceId, revoked: bool) {
        if let Some(device) = lock(&self.0).devices.get_mut(&device) {
            device.revoked = revoked;
        }
    }

    /// True once a copy of the device has confessed in this epoch.
    pub fn is_fenced(&self, device: DeviceId) -> bool {
        lock(&self.0).devices.get(&device).is_some_and(|device| device.trust.fenced)
    }

    /// Adds a row to the feed.
    ///
    /// # Errors
    /// When the row cannot be written as JSON.
    pub fn publish(&self, id: &str, row: &Row) -> Result<(), serde_json::Error> {
        self.publish_change(Change::put(id, row)?);
        Ok(())
    }

    /// Adds any change to the feed.
    pub fn publish_change(&self, change: Change) {
        lock(&self.0).feed.log.push(change);
    }

    /// Becomes what it was after its first `changes` changes to the feed, as if an older backup had been restored.
    pub fn restore_feed(&self, changes: usize) {
        let mut city = lock(&self.0);
        city.feed.log.truncate(changes);
        city.feed.history += 1;
    }

    /// Kiosks are to see something else from now on, as if they had been moved: `rows` and nothing of what was.
    pub fn move_kiosks(&self, rows: Vec<Change>) {
        let mut city = lock(&self.0);
        let gone: Vec<Change> =
            city.feed.log.iter().map(|change| Change { row: None, ..change.clone() }).collect();
        city.feed.log = gone.into_iter().chain(rows).collect();
        city.feed.view += 1;
    }

    /// Pages leave out the change at this place of the log, as a platform with a wrong cursor would.
    pub fn leave_out(&self, place: usize) {
        lock(&self.0).feed.left_out.insert(place);
    }

    /// From now on the sums on its pages are wrong, or right again.
    pub fn miscount(&self, miscounting: bool) {
        lock(&self.0).feed.miscounting = miscounting;
    }

    /// Gives a medium out from now on under its hash, and says how a feed row names it: a picture `width` across.
    pub fn add_medium(&self, medium: &[u8], width: u32) -> MediaRef {
        let sha256 = MediaHash::of(medium);
        lock(&self.0).media.insert(sha256, medium.to_vec());
        let bytes = u32::try_from(medium.len()).unwrap_or(u32::MAX);
        MediaRef { sha256, bytes, width, height: width, mime: "image/jpeg".to_owned() }
    }

    /// From now on gives out other bytes under this name, or nothing.
    pub fn spoil_medium(&self, sha256: MediaHash, bytes: Option<Vec<u8>>) {
        let media = &mut lock(&self.0).media;
        media.remove(&sha256);
        media.extend(bytes.map(|bytes| (sha256, bytes)));
    }

    /// Coupons of a batch that can still be lent.
    pub fn set_stock(&self, batch: BatchId, left: u32) {
        lock(&self.0).stock.insert(batch, left);
    }

    /// Coupons of a batch that are not lent.
    pub fn stock(&self, batch: BatchId) -> u32 {
        lock(&self.0).stock.get(&batch).copied().unwrap_or(0)
    }

    /// Requests with a claim of this slot number are answered with `status`, whole.
    pub fn poison_slot(&self, slot: u32, status: u16) {
        lock(&self.0).poisoned.insert(slot, status);
    }

    /// Heals [`FakePlatform::poison_slot`].
    pub fn heal(&self) {
        lock(&self.0).poisoned.clear();
    }

    /// From now on somebody between platform and kiosk signs pages and grants, or no longer.
    pub fn forge(&self, forging: bool) {
        lock(&self.0).forging = forging;
    }

    /// Every coupon that came by report, with what was said of it.
    pub fn coupons(&self) -> Vec<(Voucher, Verdict)> {
        lock(&self.0).coupons.values().cloned().collect()
    }

    /// Every grant given.
    pub fn granted(&self) -> Vec<Grant> {
        lock(&self.0).leases.values().map(|lease| lease.grant).collect()
    }

    /// Every request that arrived, as method and path.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.0).requests.clone()
    }

    /// The last POST that arrived, to be sent once more.
    pub fn last_post(&self) -> Option<WireRequest> {
        lock(&self.0).last_post.clone()
    }

    /// The last heartbeat of a device.
    pub fn heartbeat(&self, device: DeviceId) -> Option<Heartbeat> {
        lock(&self.0).devices.get(&device)?.heartbeat.clone()
    }

    /// Answers one request, as the network allows.
    ///
    /// # Errors
    /// When the network is cut or the next fault says so.
    pub fn answer(&self, request: &WireRequest) -> Result<WireAnswer, TransportError> {
        let mut city = lock(&self.0);
        if city.cut || city.loses(request) {
            return Err(TransportError::Unreachable);
        }
        match city.faults.pop_front() {
            Some(Fault::LoseRequest) => Err(TransportError::Timeout),
            Some(Fault::Instead(answer)) => Ok(answer),
            Some(Fault::LoseAnswer) => {
                city.serve(request);
                Err(TransportError::Timeout)
            }
            None => Ok(city.serve(request)),
        }
    }
}

impl FakePlatform {
    /// Says something on every open stream; a cut network swallows it.
    pub fn push(&self, push: Push) {
        let mut city = lock(&self.0);
        if !city.cut {
            city.streams.retain(|stream| stream.send(push.to_string().into_bytes()).is_ok());
        }
    }

    /// How many streams are open, as far as the platform knows.
    pub fn streams(&self) -> usize {
        lock(&self.0).streams.iter().filter(|stream| !stream.is_closed()).count()
    }

    /// Ends every open stream; a cut network hides even that.
    pub fn end_streams(&self) {
        lock(&self.0).streams.clear();
    }

    fn open_stream(&self, request: &WireRequest) -> Result<WireStream, TransportError> {
        let answer = self.answer(request)?;
        let (say, heard) = mpsc::unbounded_channel();
        let mut city = lock(&self.0);
        let (said, head) = if wire::stream::is_stream(&answer) {
            let open = Push::Open { head: city.feed.head() };
            city.streams.push(say.clone());
            (open.to_string().into_bytes(), answer)
        } else {
            (answer.body, WireAnswer { body: Vec::new(), ..answer })
        };
        // The receiver is below.
        let _ = say.send(said);
        Ok(WireStream { head, chunks: Box::new(Said(heard)) })
    }
}

/// The body of a stream.
struct Said(mpsc::UnboundedReceiver<Vec<u8>>);

impl Chunks for Said {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(async { Ok(self.0.recv().await) })
    }
}

impl Transport for FakePlatform {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(std::future::ready(self.answer(&request)))
    }

    fn open(&self, request: WireRequest) -> Opening<'_> {
        Box::pin(std::future::ready(self.open_stream(&request)))
    }
}
