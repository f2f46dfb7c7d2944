//! The kiosk's two databases: `ledger.db`, which must never lose a row, and `content.db`, which can be fetched again.
//!
//! All SQL of the kiosk is in this module. Each public operation is one transaction, committed before it returns. No
//! name, phone number or tag of a person is ever written; a person is a pseudonym that changes daily. A damaged
//! database is moved aside and started anew, never repaired.

mod catalogue;
mod config;
mod cursor;
mod device_key;
mod files;
mod identity;
mod lease;
mod migrate;
mod outbox;
mod replay;
mod value;
mod voucher;

pub use catalogue::{Applied, Catalogue, PageRefused};
pub use files::{Damage, StoreError};
pub use identity::{Identity, Standing};
pub use lease::{BatchStock, ExpiredLease, GrantRefused, LeaseFacts};
pub use outbox::Settled;
pub use replay::SessionOpening;
pub use voucher::{ClaimError, ClaimOrder, ClaimRefused, ClaimedVoucher, Usage};

use crate::ports::Chance;
use device_key::DeviceKey;
use domain::{
    consumer_code::{CodeHead, Pseudonym},
    ids::{BatchId, EventId, LeaseId},
    time::{ShanghaiDay, UtcMillis},
};
use ed25519_dalek::SigningKey;
use protocol::{
    device::{EnrolAnswer, KioskConfig},
    feed::Page,
    lease::{CloseRequest, Grant, LeaseRequest},
    outbox::{ClaimOutcome, ClaimReport},
};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Everything a kiosk remembers. Owned by one thread (see [`crate::owner`]).
pub struct Store {
    ledger: Connection,
    content: Connection,
    key: DeviceKey,
    catalogue: Arc<Mutex<Arc<Catalogue>>>,
}

/// What the sync core needs to know of the store at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Who this kiosk is; absent before it is enrolled.
    pub identity: Option<Identity>,
    /// The last platform time known.
    pub platform_at: Option<UtcMillis>,
    /// Place reached in the feed.
    pub cursor: u64,
    /// The configuration in use.
    pub config: KioskConfig,
    /// Rows waiting for the platform's answer.
    pub outbox_rows: u64,
    /// Stock and needs of each batch, and leases to give back.
    pub leases: LeaseFacts,
}

impl Store {
    /// Opens, checks and migrates both databases in `directory`, creating what is missing.
    ///
    /// A damaged file is moved aside and named in the second part of the answer. With a new ledger the device gets a
    /// new key and must be enrolled: its old leases are out of reach for good.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be written, or a file was written by a newer build.
    pub fn open(directory: &Path, chance: &mut dyn Chance) -> Result<(Store, Vec<Damage>), StoreError> {
        let opened = files::open(directory)?;
        let pinned = identity::pinned_key(&opened.ledger)?;
        let mut key_seed = [0; 32];
        chance.fill(&mut key_seed);
        let key = DeviceKey::open(directory, pinned, opened.ledger_is_new, key_seed)?;
        let mut store =
            Store { ledger: opened.ledger, content: opened.content, key, catalogue: Arc::default() };
        store.align_content()?;
        store.reload_catalogue()?;
        Ok((store, opened.damage))
    }

    /// Who this kiosk is; `None` before it is enrolled, and when its key is gone.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        identity::load(&self.ledger, &self.key)
    }

    /// The key that signs requests and vouchers. It never leaves the device.
    pub fn signing_key(&self) -> SigningKey {
        self.key.current().clone()
    }

    /// Makes the key of the next enrolment from 32 fresh random bytes, or finds the one made before, whose answer was
    /// lost; gives its public half.
    pub fn begin_enrolment(&mut self, key_seed: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let enrolled = identity::pinned_key(&self.ledger)?.is_some();
        self.key.candidate(enrolled, key_seed)
    }

    /// Takes the platform's answer: from here on the kiosk is this device in this epoch, and leases it held
    /// before are not issued from any more. Rows of the outbox stay.
    pub fn complete_enrolment(&mut self, origin: &str, answer: &EnrolAnswer) -> Result<Identity, StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        identity::save(&tx, origin, answer, self.key.candidate_public())?;
        lease::drop_requests_before(&tx, answer.epoch)?;
        lease::end_all(&tx)?;
        identity::note_platform_time(&tx, answer.now)?;
        tx.commit()?;
        self.key.promote()?;
        self.align_content()?;
        self.reload_catalogue()?;
        self.identity()?.ok_or(StoreError::NotEnrolled)
    }

    /// Notes, durably, whether the platform still stands by the enrolment: without that nothing is issued.
    pub fn set_standing(&mut self, standing: Standing) -> Result<(), StoreError> {
        identity::set_standing(&self.ledger, standing)
    }

    /// The platform answered a heartbeat: it stands by the enrolment, and this is its time.
    pub fn heard(&mut self, now: UtcMillis) -> Result<(), StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        identity::set_standing(&tx, Standing::Good)?;
        identity::note_platform_time(&tx, now)?;
        Ok(tx.commit()?)
    }

    /// Remembers the platform's time, below which the kiosk's own clock is not believed after a restart.
    pub fn note_platform_time(&mut self, now: UtcMillis) -> Result<(), StoreError> {
        identity::note_platform_time(&self.ledger, now)
    }

    /// Burns a verified code, so that it opens no second session on this kiosk.
    pub fn open_session(&mut self, head: &CodeHead, now: UtcMillis) -> Result<SessionOpening, StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let opening = replay::burn(&tx, head, now)?;
        tx.commit()?;
        Ok(opening)
    }

    /// How many burned codes are remembered, because they could be shown again.
    pub fn burned_codes(&self) -> Result<u64, StoreError> {
        replay::count(&self.ledger)
    }

    /// Claims one coupon from a lease: next slot, signed voucher and outbox row in one transaction, committed before
    /// the voucher is returned to be shown.
    pub fn claim(&mut self, order: &ClaimOrder, now: UtcMillis) -> Result<ClaimedVoucher, ClaimError> {
        let identity = self.identity()?.filter(|identity| identity.standing == Standing::Good);
        let identity = identity.ok_or(ClaimRefused::NotEnrolled)?;
        let catalogue = self.catalogue();
        let batch = catalogue.batches.get(&order.batch).ok_or(ClaimRefused::UnknownBatch)?;
        let tx = self
            .ledger
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let claimed = voucher::issue(&tx, order, batch, (&identity, self.key.current()), now)?;
        tx.commit().map_err(StoreError::from)?;
        Ok(claimed)
    }

    /// How many coupons of each batch a person holds from this kiosk.
    pub fn usage(
        &self,
        pseudonym: Pseudonym,
        day: ShanghaiDay,
    ) -> Result<BTreeMap<BatchId, Usage>, StoreError> {
        voucher::usage(&self.ledger, pseudonym, day)
    }

    /// Slots that can be issued at `now`, by batch; a batch without any is absent.
    pub fn stock(&self, now: UtcMillis) -> Result<BTreeMap<BatchId, u32>, StoreError> {
        match self.identity()? {
            None => Ok(BTreeMap::new()),
            Some(identity) => lease::stock(&self.ledger, identity.epoch, now),
        }
    }

    /// Makes a lease request durable; the same one again while it is unanswered.
    pub fn record_request(&mut self, batch: BatchId, want: u32) -> Result<LeaseRequest, StoreError> {
        let identity = self.identity()?.ok_or(StoreError::NotEnrolled)?;
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let request = lease::record_request(&tx, identity.epoch, batch, want)?;
        tx.commit()?;
        Ok(request)
    }

    /// Forgets a request that the platform refused for good.
    pub fn drop_request(&mut self, request_no: u64) -> Result<(), StoreError> {
        lease::drop_request(&self.ledger, request_no)
    }

    /// Takes a grant, if it answers an open request of this device and epoch and its lease was never seen.
    pub fn accept_grant(
        &mut self,
        grant: &Grant,
        now: UtcMillis,
    ) -> Result<Result<(), GrantRefused>, StoreError> {
        let Some(identity) = self.identity()? else {
            return Ok(Err(GrantRefused::OtherDevice));
        };
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let verdict = lease::accept_grant(&tx, &identity, grant, now)?;
        tx.commit()?;
        Ok(verdict)
    }

    /// Marks a lease closed, durably, before anybody is told: no slot of it is issued from here on. `None` when it is
    /// no open lease of this epoch or closed for good already.
    pub fn close_lease(&mut self, lease: LeaseId) -> Result<Option<CloseRequest>, StoreError> {
        let identity = self.identity()?.ok_or(StoreError::NotEnrolled)?;
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let request = lease::close(&tx, identity.epoch, lease)?;
        tx.commit()?;
        Ok(request)
    }

    /// The platform knows that the lease is closed.
    pub fn close_answered(&mut self, lease: LeaseId) -> Result<(), StoreError> {
        lease::close_answered(&self.ledger, lease)
    }

    /// The oldest unanswered claims; those put off come last.
    pub fn pending(&self, limit: usize) -> Result<Vec<ClaimReport>, StoreError> {
        outbox::pending(&self.ledger, limit)
    }

    /// Takes the platform's verdicts: the rows leave the outbox, the vouchers remember. Answers to rows that are gone
    /// already are passed over.
    pub fn acknowledge(&mut self, outcomes: &[ClaimOutcome]) -> Result<Vec<Settled>, StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let settled = outbox::acknowledge(&tx, outcomes)?;
        tx.commit()?;
        Ok(settled)
    }

    /// Puts rows behind the others, because the platform refused the request they were in.
    pub fn put_off(&mut self, events: &[EventId]) -> Result<(), StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        outbox::put_off(&tx, events)?;
        tx.commit()?;
        Ok(())
    }

    /// Vouchers of this person that the platform has refused.
    pub fn rejected(&self, pseudonym: Pseudonym) -> Result<Vec<Settled>, StoreError> {
        voucher::rejected(&self.ledger, pseudonym)
    }

    /// Applies a page that follows the cursor: all its rows and the new cursor in one transaction.
    pub fn apply_page(&mut self, page: &Page) -> Result<Result<Applied, PageRefused>, StoreError> {
        let tx = self.content.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let applied = match catalogue::apply(&tx, page)? {
            Err(refused) => return Ok(Err(refused)),
            Ok(applied) => applied,
        };
        tx.commit()?;
        if page.next != page.since {
            self.reload_catalogue()?;
        }
        Ok(Ok(applied))
    }

    /// The catalogue as of the last page applied.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the sync core decides by.
    pub fn facts(&self, now: UtcMillis) -> Result<Facts, StoreError> {
        let identity = self.identity()?;
        let catalogue = self.catalogue();
        let leases = match &identity {
            Some(identity) => lease::facts(&self.ledger, identity.epoch, &catalogue, now)?,
            None => LeaseFacts::default(),
        };
        Ok(Facts {
            platform_at: identity::platform_time(&self.ledger)?,
            cursor: cursor::load(&self.content)?,
            config: catalogue.config.clone(),
            outbox_rows: outbox::count(&self.ledger)?,
            identity,
            leases,
        })
    }

    /// Drops what has outlived its use: dead replay rows, vouchers long settled, leases long over.
    pub fn prune(&mut self, now: UtcMillis) -> Result<(), StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        replay::prune(&tx, now)?;
        voucher::prune(&tx, now)?;
        lease::prune(&tx, now)?;
        tx.commit()?;
        Ok(())
    }

    pub(crate) fn shared_catalogue(&self) -> Arc<Mutex<Arc<Catalogue>>> {
        Arc::clone(&self.catalogue)
    }

    /// Content fetched for another enrolment says nothing about this mall: drop it.
    fn align_content(&mut self) -> Result<(), StoreError> {
        let scope = self.identity()?.map(|identity| identity.scope());
        let tx = self.content.transaction_with_behavior(TransactionBehavior::Immediate)?;
        cursor::align(&tx, scope)?;
        tx.commit()?;
        Ok(())
    }

    fn reload_catalogue(&mut self) -> Result<(), StoreError> {
        let fresh = Arc::new(catalogue::load(&self.content)?);
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}
