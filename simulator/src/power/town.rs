//! What comes to a kiosk, by chance: shoppers, pages, leases, answers, bad days. It believes only what the store has said.

use super::work::{Said, Step, Work};
use cloud_sync::{
    core::{Save, Saved},
    store::{ClaimOrder, Standing, Store},
    testing::{CITY, DAWN, Row, batch_row, code_head, key_ring, mall_row, store_row},
};
use domain::{
    consumer_code::{CodeHead, Pseudonym},
    ids::{BatchId, DeviceId, EventId, LeaseId, MallId},
    time::UtcMillis,
};
use ed25519_dalek::SigningKey;
use protocol::{
    device::EnrolAnswer,
    feed::{Change, Page, SnapshotPart},
    lease::{Grant, LeaseRequest},
    outbox::{ClaimOutcome, Verdict},
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const HOUR_MS: i64 = 3_600_000;
/// Batches, shops and people of the town. Few, so that rows are replaced and limits reached.
const BATCHES: u64 = 12;
const SHOPS: u64 = 30;
const PEOPLE: u64 = 60;

pub(super) struct Town {
    chance: ChaCha8Rng,
    now: UtcMillis,
    epoch: u32,
    ring: u64,
    events: u64,
    /// A candidate key was made, and the platform may have heard of it.
    enrolling: bool,
    asked: Option<LeaseRequest>,
    /// A snapshot under way: its place in the feed, and the part that comes next.
    snapshot: Option<(u64, u64)>,
    leases: Vec<LeaseId>,
    last_claim: Option<ClaimOrder>,
    last_code: Option<CodeHead>,
}

impl Town {
    pub(super) fn new(seed: u64) -> Town {
        Town {
            chance: ChaCha8Rng::seed_from_u64(seed),
            now: DAWN,
            epoch: 0,
            ring: 0,
            events: 0,
            enrolling: false,
            asked: None,
            snapshot: None,
            leases: Vec::new(),
            last_claim: None,
            last_code: None,
        }
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.chance.next_u64() % end.max(1)
    }

    pub(super) fn restart(&mut self, killed: bool) -> Step {
        self.step(Work::Restart { killed })
    }

    /// What comes next to a kiosk that remembers this.
    pub(super) fn next(&mut self, store: &Store) -> Step {
        self.pass_time();
        let work = match store.identity() {
            Ok(Some(_)) if !self.enrolling => self.work(store),
            Ok(_) | Err(_) => Work::Save(Box::new(self.enrol())),
        };
        self.step(work)
    }

    /// The store said this of a step.
    pub(super) fn hear(&mut self, step: &Step, said: &Said) {
        match said {
            Said::Saved(Saved::Candidate(_)) => self.enrolling = true,
            Said::Saved(Saved::Enrolled) => {
                (self.enrolling, self.asked) = (false, None);
                self.leases.clear();
            }
            Said::Saved(Saved::Request(request)) => self.asked = Some(*request),
            Said::Restarted(_) => self.enrolling = false,
            Said::Saved(_) | Said::Claimed(_) | Said::Opening(_) | Said::Failed(_) => {}
        }
        if let (Work::Save(save), Said::Saved(Saved::Granted(_))) = (&step.work, said)
            && let Save::AcceptGrant(grant) = save.as_ref()
        {
            self.asked = None;
            self.leases.push(grant.lease);
        }
    }

    /// The power went: what was only in memory is gone.
    pub(super) fn forget(&mut self) {
        self.enrolling = false;
    }

    fn step(&mut self, work: Work) -> Step {
        Step { work, now: self.now, seed: self.chance.next_u64() }
    }

    fn pass_time(&mut self) {
        let passed_ms = match self.below(60) {
            0 => 26 * HOUR_MS,
            1 | 2 => 2 * HOUR_MS,
            _ => self.below(60_000).cast_signed(),
        };
        self.now = self.now.plus_ms(passed_ms);
    }

    fn work(&mut self, store: &Store) -> Work {
        if store.catalogue().batches.is_empty() {
            return Work::Save(Box::new(self.page(store)));
        }
        match self.below(100) {
            0..45 => self.claim(store),
            45..53 => self.open_session(),
            53..55 => Work::Restart { killed: self.below(2) == 0 },
            _ => Work::Save(Box::new(self.save(store))),
        }
    }

    /// Mostly of what is in stock.
    fn claim(&mut self, store: &Store) -> Work {
        let stock = store.stock(self.now).unwrap_or_default();
        let place = usize::try_from(self.below(stock.len() as u64)).unwrap_or(0);
        let any = self.batch();
        let batch = stock.keys().nth(place).copied().filter(|_| self.below(10) > 0).unwrap_or(any);
        let again = self.last_claim.filter(|_| self.below(12) == 0);
        let order = again.unwrap_or_else(|| {
            self.events += 1;
            let mut event = [0; 16];
            event[8..].copy_from_slice(&self.events.to_be_bytes());
            let pseudonym = Pseudonym::from_bytes([byte(self.below(PEOPLE)); 16]);
            ClaimOrder { batch, pseudonym, event: EventId::from_bytes(event) }
        });
        self.last_claim = Some(order);
        Work::Claim(order)
    }

    fn open_session(&mut self) -> Work {
        let again = self.last_code.filter(|_| self.below(4) == 0);
        let head =
            again.unwrap_or_else(|| code_head(byte(self.below(PEOPLE)), byte(self.below(256)), self.now));
        self.last_code = Some(head);
        Work::OpenSession(head)
    }

    fn save(&mut self, store: &Store) -> Save {
        match self.below(45) {
            0..12 => self.lease(),
            12..19 => self.answer(store),
            19..29 => self.page(store),
            29..33 => Save::Heard(self.now),
            33..35 => Save::NoteTime(self.now),
            35 => Save::SetStanding(Standing::DeviceRefused),
            36..40 => self.close(),
            40..42 => Save::Prune,
            42 => Save::BeginEnrolment,
            _ => self.put_off(store),
        }
    }

    fn enrol(&mut self) -> Save {
        if !self.enrolling {
            return Save::BeginEnrolment;
        }
        self.epoch += 1;
        let mall = byte(self.below(2) + 1);
        Save::CompleteEnrolment {
            origin: "https://pass.example.cn".to_owned(),
            answer: EnrolAnswer {
                device: DeviceId::from_bytes([9; 16]),
                epoch: self.epoch,
                city: CITY,
                mall: MallId::from_bytes([mall; 16]),
                platform_key: SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes(),
                now: self.now,
            },
        }
    }

    fn lease(&mut self) -> Save {
        let refused = self.below(8) == 0;
        match self.asked {
            None => Save::RecordRequest { batch: self.batch(), want: 20, at: None },
            Some(request) if refused => {
                self.asked = None;
                Save::DropRequest(request.request_no)
            }
            Some(request) => Save::AcceptGrant(self.grant(request)),
        }
    }

    /// The same request is granted the same lease.
    fn grant(&self, request: LeaseRequest) -> Grant {
        let mut lease = [0; 16];
        lease[..4].copy_from_slice(&request.epoch.to_be_bytes());
        lease[8..].copy_from_slice(&request.request_no.to_be_bytes());
        Grant {
            lease: LeaseId::from_bytes(lease),
            device: DeviceId::from_bytes([9; 16]),
            epoch: request.epoch,
            request_no: request.request_no,
            batch: request.batch,
            version: 1,
            slots: request.want,
            valid_from: self.now,
            expires_at: self.now.plus_ms(4 * HOUR_MS),
            reclaim_at: self.now.plus_ms(28 * HOUR_MS),
        }
    }

    fn close(&mut self) -> Save {
        let place = usize::try_from(self.below(self.leases.len() as u64)).unwrap_or(0);
        match self.leases.get(place).copied() {
            None => Save::Prune,
            Some(lease) if self.below(2) == 0 => Save::CloseLease(lease),
            Some(lease) => Save::CloseAnswered(lease),
        }
    }

    fn answer(&mut self, store: &Store) -> Save {
        let outcomes = self.waiting(store).into_iter().map(|event| {
            let verdict = match self.below(5) {
                0 => Verdict::Rejected { code: "USER_LIMIT".to_owned() },
                _ => Verdict::Issued { ends_at: self.now.plus_ms(48 * HOUR_MS) },
            };
            ClaimOutcome { event, verdict }
        });
        Save::Acknowledge(outcomes.collect())
    }

    fn put_off(&mut self, store: &Store) -> Save {
        Save::PutOff(self.waiting(store))
    }

    fn waiting(&mut self, store: &Store) -> Vec<EventId> {
        let limit = usize::try_from(self.below(30)).unwrap_or(0) + 1;
        let pending = store.pending(limit).unwrap_or_default();
        pending.into_iter().map(|report| report.event).collect()
    }

    fn page(&mut self, store: &Store) -> Save {
        let since = store.catalogue().version;
        let count = self.below(40) + 1;
        let changes: Vec<Change> = (0..count).filter_map(|_| self.change()).collect();
        let more = self.below(2) == 0;
        if self.snapshot.is_none() && self.below(6) > 0 {
            return Save::ApplyPage(Box::new(Page {
                since,
                next: since + count,
                more,
                changes,
                ..Page::default()
            }));
        }
        let (at, part) = self.snapshot.take().unwrap_or((since + count, 0));
        let from = if part == 0 { String::new() } else { part.to_string() };
        let to = more.then(|| (part + 1).to_string());
        self.snapshot = more.then_some((at, part + 1));
        let changes = changes.into_iter().filter(|change| change.row.is_some()).collect();
        let snapshot = Some(SnapshotPart { from, to });
        Save::ApplyPage(Box::new(Page {
            since: at,
            next: at,
            more: true,
            changes,
            snapshot,
            ..Page::default()
        }))
    }

    fn change(&mut self) -> Option<Change> {
        match self.below(12) {
            0 => Change::put("mall", &Row::Mall(mall_row(1))).ok(),
            1 => {
                self.ring += 1;
                Change::put("", &Row::KeyRing(key_ring(self.ring, &SigningKey::from_bytes(&[3; 32])))).ok()
            }
            2..5 => {
                let number = byte(self.below(SHOPS));
                Change::put(number.to_string(), &Row::Store(store_row(number))).ok()
            }
            5 => {
                let id = self.below(SHOPS).to_string();
                Some(Change { kind: "store".to_owned(), id, row: None })
            }
            _ => {
                let batch = self.batch();
                let number = batch.to_bytes()[0];
                Change::put(number.to_string(), &Row::Batch(Box::new(batch_row(number)))).ok()
            }
        }
    }

    fn batch(&mut self) -> BatchId {
        BatchId::from_bytes([byte(self.below(BATCHES)); 16])
    }
}

fn byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}
