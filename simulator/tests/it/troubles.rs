//! A disk that is full, cannot be written or fails: claims go on as long as the ledger can commit, and nothing is shown
//! that is not kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use cloud_sync::{
    disk::Disk,
    store::{ClaimError, ClaimOrder, ClaimedVoucher, Store, StoreError},
    testing::{CITY, DAWN, Row, SeededChance, batch_row},
};
use domain::{
    consumer_code::Pseudonym,
    ids::{BatchId, DeviceId, EventId, LeaseId, MallId},
};
use protocol::{
    device::EnrolAnswer,
    feed::{Change, Page},
    lease::Grant,
};
use simulator::disk::{Ailments, VirtualDisk};
use std::{collections::BTreeSet, sync::Arc};

const BATCH: BatchId = BatchId::from_bytes([7; 16]);
const SLOTS: u32 = 50;

struct Kiosk {
    disk: VirtualDisk,
    store: Store,
    people: u8,
}

impl Kiosk {
    /// Enrolled, with one batch and a lease of [`SLOTS`] slots.
    fn in_stock() -> Kiosk {
        let disk = VirtualDisk::new();
        let mut store = open(&disk).unwrap();
        store.begin_enrolment([5; 32]).unwrap();
        let (device, mall) = (DeviceId::from_bytes([9; 16]), MallId::from_bytes([1; 16]));
        let answer = EnrolAnswer { device, epoch: 1, city: CITY, mall, platform_key: [8; 32], now: DAWN };
        store.complete_enrolment("https://pass.example.cn", &answer).unwrap();
        store.apply_page(&page(0, 1)).unwrap().unwrap();
        let request = store.record_request(BATCH, SLOTS, None).unwrap();
        let grant = Grant {
            lease: LeaseId::from_bytes([6; 16]),
            device,
            epoch: 1,
            request_no: request.request_no,
            batch: BATCH,
            version: 1,
            slots: SLOTS,
            valid_from: DAWN,
            expires_at: DAWN.plus_ms(14_400_000),
            reclaim_at: DAWN.plus_ms(100_800_000),
        };
        store.accept_grant(&grant, DAWN).unwrap().unwrap();
        Kiosk { disk, store, people: 0 }
    }

    fn claim(&mut self) -> Result<ClaimedVoucher, ClaimError> {
        self.people += 1;
        let (pseudonym, event) =
            (Pseudonym::from_bytes([self.people; 16]), EventId::from_bytes([self.people; 16]));
        self.store.claim(&ClaimOrder { batch: BATCH, pseudonym, event }, DAWN)
    }

    fn stock(&self) -> u32 {
        self.store.stock(DAWN).unwrap().get(&BATCH).copied().unwrap_or(0)
    }

    fn leave_room_for(&self, bytes: u64) {
        let bytes_max = Some(self.disk.bytes_used() + bytes);
        self.disk.ail(Ailments { bytes_max, ..Ailments::default() });
    }

    fn restart(self) -> Kiosk {
        let Kiosk { disk, store, people } = self;
        drop(store);
        Kiosk { store: open(&disk).unwrap(), disk, people }
    }

    /// The power goes and comes back; every voucher shown must be there, and nothing else.
    fn check_after_restart(mut self, shown: &[ClaimedVoucher]) -> Kiosk {
        self.disk.ail(Ailments::default());
        self.disk.cut_power();
        self.disk.restore_power(3);
        self.store = open(&self.disk).unwrap();
        let kept: BTreeSet<String> =
            self.store.pending(200).unwrap().into_iter().map(|report| report.voucher).collect();
        assert!(shown.iter().all(|voucher| kept.contains(&voucher.text)), "shown and lost");
        assert_eq!(kept.len(), shown.len(), "kept and never shown");
        assert_eq!(self.stock(), SLOTS - u32::try_from(shown.len()).unwrap(), "a slot a voucher");
        self
    }
}

fn open(disk: &VirtualDisk) -> Result<Store, StoreError> {
    let (store, damage) = Store::open(Arc::new(disk.clone()), &mut SeededChance::new(1))?;
    assert_eq!(damage, []);
    Ok(store)
}

fn page(since: u64, count: u64) -> Page {
    let row = Row::Batch(Box::new(batch_row(7)));
    let changes = (0..count).map(|_| Change::put("7", &row).unwrap()).collect();
    Page { since, next: since + count, more: false, changes, ..Page::default() }
}

#[test]
fn a_claim_that_finds_no_room_takes_no_slot_and_the_next_one_that_finds_some_is_given() {
    let mut kiosk = Kiosk::in_stock().restart();
    // Not even the reserve is free.
    kiosk.disk.remove("reserve").unwrap();
    kiosk.disk.sync_folder().unwrap();
    kiosk.leave_room_for(0);
    let failed = kiosk.claim().unwrap_err();
    assert!(matches!(failed, ClaimError::Store(StoreError::Database(_))), "{failed:?}");
    assert_eq!((kiosk.stock(), kiosk.store.pending(9).unwrap().len()), (SLOTS, 0));
    kiosk.disk.ail(Ailments::default());
    let shown = kiosk.claim().unwrap();
    kiosk.check_after_restart(&[shown]);
}

#[test]
fn claims_go_on_in_the_room_the_ledger_already_has() {
    let mut kiosk = Kiosk::in_stock();
    kiosk.leave_room_for(150_000);
    let shown: Vec<ClaimedVoucher> = (0..SLOTS).map(|_| kiosk.claim().unwrap()).collect();
    assert!(kiosk.disk.troubles() > 0, "the disk was full on the way");
    kiosk.check_after_restart(&shown);
}

#[test]
fn a_page_that_finds_no_room_leaves_the_cursor_where_it_was_and_claims_go_on() {
    let mut kiosk = Kiosk::in_stock();
    kiosk.leave_room_for(400_000);
    let mut since = 1;
    while kiosk.store.apply_page(&page(since, 100)).is_ok() {
        since += 100;
    }
    assert!(since > 1, "what fits is taken");
    assert_eq!(kiosk.store.catalogue().version, since);
    assert_eq!(kiosk.store.facts(DAWN).unwrap().cursor, since);
    // Content gives way: its log is folded and makes room for the ledger's.
    let shown = kiosk.claim().unwrap();
    kiosk.disk.ail(Ailments::default());
    kiosk.store.apply_page(&page(since, 3)).unwrap().unwrap();
    kiosk.check_after_restart(&[shown]);
}

#[test]
fn on_a_disk_that_cannot_be_written_nothing_is_claimed_and_everything_is_still_told() {
    let mut kiosk = Kiosk::in_stock();
    let shown = kiosk.claim().unwrap();
    kiosk.disk.ail(Ailments { read_only: true, ..Ailments::default() });
    kiosk.claim().unwrap_err();
    assert_eq!(kiosk.store.pending(9).unwrap()[0].voucher, shown.text);
    assert_eq!(kiosk.stock(), SLOTS - 1);
    assert_eq!(kiosk.store.catalogue().batches.len(), 1);
    kiosk.disk.ail(Ailments::default());
    let second = kiosk.claim().unwrap();
    kiosk.check_after_restart(&[shown, second]);
}

#[test]
fn an_io_error_at_any_operation_of_a_claim_never_leaves_a_shown_voucher_behind_or_an_unshown_one() {
    let calm = Kiosk::in_stock();
    let (image, start) = (calm.disk.snapshot(), calm.disk.operations());
    let mut calm = calm;
    calm.claim().unwrap();
    let operations = calm.disk.operations() - start;
    let mut failures = 0;
    for operation in 1..=operations {
        let disk = VirtualDisk::new();
        disk.restore(&image);
        let store = open(&disk).unwrap();
        let mut kiosk = Kiosk { disk, store, people: 0 };
        kiosk.disk.fail_after(operation);
        let mut shown: Vec<ClaimedVoucher> = Vec::new();
        let first = kiosk.claim();
        failures += usize::from(first.is_err());
        shown.extend(first.ok());
        // The next shopper is served by the same program, and its commit makes nobody else's claim appear.
        shown.extend(kiosk.claim().ok());
        kiosk.check_after_restart(&shown);
    }
    assert!(failures > 0, "no operation of {operations} was hit");
}

#[test]
fn an_io_error_while_opening_is_an_error_and_no_damage() {
    let image = Kiosk::in_stock().disk.snapshot();
    let (mut failed, mut opened) = (0, 0);
    for operation in 1..=60 {
        let disk = VirtualDisk::new();
        disk.restore(&image);
        disk.fail_after(operation);
        match Store::open(Arc::new(disk.clone()), &mut SeededChance::new(1)) {
            Ok((_, damage)) => {
                assert_eq!(damage, [], "at operation {operation}");
                opened += 1;
            }
            Err(_) => failed += 1,
        }
        assert!(!disk.exists("ledger.db.damaged-1").unwrap(), "at operation {operation}");
        disk.ail(Ailments::default());
        let store = open(&disk).unwrap();
        assert_eq!(store.identity().unwrap().map(|identity| identity.epoch), Some(1));
    }
    assert!(failed > 5 && opened > 0, "{failed} failed, {opened} opened");
}

#[test]
fn what_a_killed_program_left_in_the_log_is_durable_before_anybody_acts_on_it() {
    let kiosk = Kiosk::in_stock().restart();
    let image = kiosk.disk.snapshot();
    let order = ClaimOrder {
        batch: BATCH,
        pseudonym: Pseudonym::from_bytes([1; 16]),
        event: EventId::from_bytes([1; 16]),
    };
    let mut killed = 0;
    for change in 1..200 {
        let disk = VirtualDisk::new();
        disk.restore(&image);
        let mut store = open(&disk).unwrap();
        disk.cut_after(change);
        if store.claim(&order, DAWN).is_ok() {
            break;
        }
        killed += 1;
        disk.kill();
        // The shopper tries again: the voucher of the claim before is found, and shown.
        let mut store = open(&disk).unwrap();
        let shown = store.claim(&order, DAWN).unwrap();
        disk.cut_power();
        disk.restore_power(change);
        let store = open(&disk).unwrap();
        assert_eq!(store.pending(9).unwrap()[0].voucher, shown.text, "killed at change {change}");
    }
    assert!(killed > 5, "{killed}");
}

#[test]
fn a_clone_issues_its_own_vouchers_with_the_same_key() {
    let mut kiosk = Kiosk::in_stock();
    let copy = kiosk.disk.copy();
    let mut clone = Kiosk { store: open(&copy).unwrap(), disk: copy, people: 100 };
    let (one, other) = (kiosk.claim().unwrap(), clone.claim().unwrap());
    assert_eq!((one.lease, one.slot), (other.lease, other.slot), "one slot promised twice");
    assert_ne!(one.text, other.text);
    assert_eq!(kiosk.store.signing_key().to_bytes(), clone.store.signing_key().to_bytes());
}

#[test]
fn a_number_that_is_not_on_the_disk_is_not_given_away() {
    let mut kiosk = Kiosk::in_stock();
    let first = kiosk.store.count_request().unwrap();
    for ailments in [
        Ailments { bytes_max: Some(kiosk.disk.bytes_used()), ..Ailments::default() },
        Ailments { read_only: true, ..Ailments::default() },
    ] {
        kiosk.disk.ail(ailments);
        // Some numbers may still find room in the log; none is given twice.
        let given: BTreeSet<u64> = (0..200).map_while(|_| kiosk.store.count_request().ok()).collect();
        assert!(given.len() < 200, "{ailments:?}");
        kiosk.disk.ail(Ailments::default());
        let next = kiosk.store.count_request().unwrap();
        assert!(next > first && !given.contains(&next), "{ailments:?}: {next} was given before");
    }
}
