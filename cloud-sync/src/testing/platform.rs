//! The platform in memory, as a test holds it: its clock, its stock, its network.

use super::{city::City, lock};
use crate::transport::{Sending, Transport, TransportError, WireAnswer, WireRequest};
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
    outbox::Verdict,
};
use std::sync::Mutex;

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
        lock(&self.0).feed.push(change);
    }

    /// Coupons of a batch that can still be lent.
    pub fn set_stock(&self, batch: BatchId, left: u32) {
        lock(&self.0).stock.insert(batch, left);
    }

    /// Coupons of a batch that are not lent.
    pub fn stock(&self, batch: BatchId) -> u32 {
        lock(&self.0).stock.get(&batch).copied().unwrap_or(0)
    }

    /// Requests with a claim of this slot number are refused whole, as if it broke the platform.
    pub fn poison_slot(&self, slot: u32) {
        lock(&self.0).poisoned.insert(slot);
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
        if city.cut {
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

impl Transport for FakePlatform {
    fn send(&self, request: WireRequest) -> Sending<'_> {
        Box::pin(std::future::ready(self.answer(&request)))
    }
}
