//! The kiosk's two databases: `ledger.db`, which must never lose a row, and `content.db`, which can be fetched again.
//!
//! All SQL of the kiosk is in this module. Each public operation is one transaction, committed before it returns. No
//! name, phone number or tag of a person is ever written; a person is a pseudonym that changes daily. A damaged
//! database is moved aside and started anew, never repaired.

mod catalogue;
mod config;
mod cursor;
mod device_key;
mod fence;
mod files;
mod identity;
mod lease;
mod media;
mod migrate;
mod need;
mod outbox;
mod replay;
mod sql;
mod value;
mod voucher;

pub use catalogue::{Admission, Applied, Catalogue, PageRefused};
pub use files::{Damage, StoreError};
pub use identity::{Identity, Standing};
pub use lease::GrantRefused;
pub use media::{MediaFacts, MediaPolicy, MissingMedium, PartOutcome, Storage};
pub use need::{BatchStock, ExpiredLease, LeaseFacts};
pub use outbox::Settled;
pub use replay::SessionOpening;
pub use voucher::{ClaimError, ClaimOrder, ClaimRefused, ClaimedVoucher, Usage};

use crate::{
    disk::{Disk, FolderLock},
    ports::Chance,
};
use device_key::DeviceKey;
use domain::{
    consumer_code::{CodeHead, Pseudonym},
    ids::{BatchId, EventId, LeaseId},
    time::{ShanghaiDay, UtcMillis},
};
use ed25519_dalek::SigningKey;
use media::Media;
use protocol::{
    device::{EnrolAnswer, HighWater, KioskConfig},
    feed::{ContentSum, Page, Place},
    lease::{CloseRequest, Grant, LeaseRequest},
    media::MediaHash,
    outbox::{ClaimOutcome, ClaimReport},
    signed::Signed,
};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Everything a kiosk remembers. Owned by one thread (see [`crate::owner`]).
pub struct Store {
    disk: Arc<dyn Disk>,
    ledger: Connection,
    content: Connection,
    key: DeviceKey,
    media: Media,
    catalogue: Arc<Mutex<Arc<Catalogue>>>,
    /// The sum of the content's rows, once it was found right and while nothing was written since.
    checked: Option<ContentSum>,
    /// Given back last, when both databases are closed.
    _lock: FolderLock,
}

/// What the sync core needs to know of the store at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Who this kiosk is; absent before it is enrolled.
    pub identity: Option<Identity>,
    /// The latest time that is on the disk, by the platform's clock.
    pub platform_at: Option<UtcMillis>,
    /// Number of the last change of the feed in use.
    pub cursor: u64,
    /// What to ask the feed for next.
    pub place: Place,
    /// The configuration in use.
    pub config: KioskConfig,
    /// Rows waiting for the platform's answer.
    pub outbox_rows: u64,
    /// Stock and needs of each batch, and leases to give back.
    pub leases: LeaseFacts,
    /// What is to be fetched of media, and whether the disk has room.
    pub media: MediaFacts,
    /// Counts that never get smaller in one epoch.
    pub high_water: HighWater,
    /// The challenge a fenced kiosk still has to answer.
    pub to_confess: Option<Signed>,
}

impl Store {
    /// Opens, checks and migrates both databases on `disk`, creating what is missing.
    ///
    /// A damaged file is moved aside and named in the second part of the answer. With a new ledger the device gets a
    /// new key and must be enrolled: its old leases are out of reach for good.
    ///
    /// # Errors
    /// [`StoreError`] when the disk cannot be written, another process has it, or a file was written by a newer build.
    pub fn open(disk: Arc<dyn Disk>, chance: &mut dyn Chance) -> Result<(Store, Vec<Damage>), StoreError> {
        let opened = files::open(&*disk)?;
        let pinned = identity::pinned_key(&opened.ledger)?;
        let mut key_seed = [0; 32];
        chance.fill(&mut key_seed);
        let media = Media::open(&opened.content, disk.media())?;
        let key = DeviceKey::open(Arc::clone(&disk), pinned, key_seed)?;
        let files::OpenFiles { ledger, content, damage, lock } = opened;
        let (catalogue, checked) = (Arc::default(), None);
        let mut store = Store { disk, ledger, content, key, media, catalogue, checked, _lock: lock };
        store.align_content()?;
        store.reload_catalogue()?;
        Ok((store, damage))
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
        fence::begin_epoch(&tx)?;
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

    /// The number of the next signed POST; it is on disk when this returns and is never given again.
    pub fn count_request(&mut self) -> Result<u64, StoreError> {
        // A transaction of its own: a statement that returns a row commits when it is put away, and whether that worked
        // nobody would learn. A full disk would then send one number twice, and be taken for a rolled-back one.
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let counter = fence::count_request(&tx)?;
        tx.commit()?;
        Ok(counter)
    }

    /// Stops this enrolment for good, durably: its disk is older than what the kiosk once said. `challenge` is the
    /// platform's word on that, to be confessed.
    pub fn fence(&mut self, challenge: &Signed) -> Result<(), StoreError> {
        fence::raise(&self.ledger, challenge)
    }

    /// The platform has taken the confession.
    pub fn confessed(&mut self) -> Result<(), StoreError> {
        fence::confessed(&self.ledger)
    }

    /// Remembers how late it is: before that the kiosk's own clock is not believed after a restart. A time before the one
    /// remembered changes nothing.
    pub fn note_time(&mut self, now: UtcMillis) -> Result<(), StoreError> {
        identity::note_time(&self.ledger, now)
    }

    /// Burns a verified code, so that it opens no second session on this kiosk.
    pub fn open_session(&mut self, head: &CodeHead) -> Result<SessionOpening, StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let opening = replay::burn(&tx, head)?;
        tx.commit()?;
        Ok(opening)
    }

    /// How many burned codes are remembered, because they could be shown again.
    pub fn burned_codes(&self) -> Result<u64, StoreError> {
        replay::count(&self.ledger)
    }

    /// Claims one coupon from a lease: next slot, signed voucher and outbox row in one transaction, committed before
    /// the voucher is returned to be shown. On a full disk media go first, then the rest of content makes
    /// room for it.
    pub fn claim(&mut self, order: &ClaimOrder, now: UtcMillis) -> Result<ClaimedVoucher, ClaimError> {
        match self.claim_once(order, now) {
            Err(ClaimError::Store(error)) if error.is_full() => {
                self.media.give_up_all(&self.content);
                files::make_room(&*self.disk, &self.ledger, &self.content);
                self.claim_once(order, now)
            }
            outcome => outcome,
        }
    }

    fn claim_once(&mut self, order: &ClaimOrder, now: UtcMillis) -> Result<ClaimedVoucher, ClaimError> {
        let identity = self.identity()?.filter(|identity| identity.standing == Standing::Good);
        let identity = identity.ok_or(ClaimRefused::NotEnrolled)?;
        let catalogue = self.catalogue();
        // A batch somebody is held out from does not exist for them.
        let batch = catalogue.batches.get(&order.batch);
        let batch = batch.filter(|batch| !catalogue.holds_out(batch, order.pseudonym, now));
        let batch = batch.ok_or(ClaimRefused::UnknownBatch)?;
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
            Some(identity) => need::stock(&self.ledger, identity.epoch, &self.catalogue(), now),
        }
    }

    /// Makes a lease request durable; the same one again while it is unanswered. With `at` it is for the period that
    /// instant lies in.
    pub fn record_request(
        &mut self,
        batch: BatchId,
        want: u32,
        at: Option<UtcMillis>,
    ) -> Result<LeaseRequest, StoreError> {
        let identity = self.identity()?.ok_or(StoreError::NotEnrolled)?;
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let request = lease::record_request(&tx, identity.epoch, batch, (want, at))?;
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

    /// Applies a page that follows the place reached: all its rows and the new place in one transaction. A part of a
    /// snapshot is put aside, and all of them take the place of the content with the last one.
    pub fn apply_page(&mut self, page: &Page) -> Result<Result<Applied, PageRefused>, StoreError> {
        let mut checked = self.checked;
        let tx = self.content.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let applied = match catalogue::apply(&tx, page, &mut checked)? {
            Err(refused) => return Ok(Err(refused)),
            Ok(applied) => applied,
        };
        tx.commit()?;
        self.checked = checked;
        if applied.changed() || page.next != page.since {
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
            Some(identity) => need::facts(&self.ledger, identity.epoch, &catalogue, now)?,
            None => LeaseFacts::default(),
        };
        Ok(Facts {
            platform_at: identity::platform_time(&self.ledger)?,
            cursor: catalogue.version,
            place: cursor::asked(&self.content)?,
            config: catalogue.config.clone(),
            outbox_rows: outbox::count(&self.ledger)?,
            high_water: fence::high_water(&self.ledger)?,
            to_confess: fence::to_confess(&self.ledger)?,
            identity,
            leases,
            media: self.media.facts(),
        })
    }

    /// Drops what has outlived its use: dead replay rows, vouchers long settled, leases long over.
    pub fn prune(&mut self, now: UtcMillis) -> Result<(), StoreError> {
        let tx = self.ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
        replay::prune(&tx, now)?;
        voucher::prune(&tx, now)?;
        lease::prune(&tx, now)?;
        tx.commit()?;
        if self.catalogue().version > 0 {
            self.media.sweep(&self.content);
        }
        Ok(())
    }

    /// How much of the disk media may take, and for which screen; from here on.
    pub fn set_media_policy(&mut self, policy: MediaPolicy) {
        let catalogue = self.catalogue();
        self.media.set_policy(policy, &catalogue);
    }

    /// Where a medium is, whole and checked; `None` while it is not here. It may be gone a moment later.
    pub fn media(&mut self, medium: MediaHash, now: UtcMillis) -> Option<PathBuf> {
        self.media.path(&self.content, medium, now)
    }

    /// Adds the bytes of a medium from `from` on to what is here.
    pub fn add_media_part(
        &mut self,
        (medium, from, part): (MediaHash, u32, &[u8]),
        now: UtcMillis,
    ) -> Result<PartOutcome, StoreError> {
        self.media.add_part(&self.content, (medium, from, part), now)
    }

    /// Looks at a file that lies under the name of a medium and was not checked by this database; true if it counts.
    pub fn check_medium(&mut self, medium: MediaHash, now: UtcMillis) -> Result<bool, StoreError> {
        self.media.check(&self.content, medium, now)
    }

    /// Throws away the parts of a medium that is not whole.
    pub fn forget_medium(&mut self, medium: MediaHash) -> Result<(), StoreError> {
        self.media.forget(&self.content, medium)
    }

    /// Gives the disk its floor back, as far as media can.
    pub fn shrink_media(&mut self) {
        self.media.shrink(&self.content);
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
        self.checked = None;
        Ok(())
    }

    fn reload_catalogue(&mut self) -> Result<(), StoreError> {
        let fresh = Arc::new(catalogue::load(&self.content)?);
        self.media.name_anew(&fresh);
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}
