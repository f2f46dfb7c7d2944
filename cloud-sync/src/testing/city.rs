//! What the platform in memory answers.

use super::Fault;
use crate::transport::{WireAnswer, WireRequest};
use domain::{
    consumer_code::Pseudonym,
    ids::{BatchId, DeviceId, LeaseId, MallId},
    time::UtcMillis,
    voucher::{self, Voucher},
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    device::{
        DEVICE_HEADER, EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, REQUEST_SKEW_MS, RequestHead,
        SIGNATURE_HEADER, TIME_HEADER, body_sha256,
    },
    feed::{Change, PAGE_CHANGES_MAX, Page},
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    outbox::{ClaimOutcome, ClaimReport, ClaimsAnswer, ClaimsRequest, Verdict},
    problem::{PROBLEM_MEDIA_TYPE, Problem, code},
    signed::{Purpose, Signed},
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// E of a lease, from its grant.
const ISSUE_MS: i64 = 4 * 3_600_000;
/// From E to R.
const VOUCHER_MS: i64 = 24 * 3_600_000;
/// Coupons of one batch a person may have by report.
const PERSON_MAX: usize = 2;

pub(super) struct City {
    pub(super) now: UtcMillis,
    pub(super) key: SigningKey,
    pub(super) cut: bool,
    pub(super) faults: VecDeque<Fault>,
    pub(super) requests: Vec<String>,
    pub(super) pairing: BTreeMap<String, Option<DeviceId>>,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) feed: Vec<Change>,
    pub(super) stock: BTreeMap<BatchId, u32>,
    pub(super) grants: BTreeMap<(DeviceId, u32, u64), Signed>,
    pub(super) leases: BTreeMap<LeaseId, Lease>,
    pub(super) coupons: BTreeMap<(LeaseId, u32), (Voucher, Verdict)>,
    pub(super) poisoned: BTreeSet<u32>,
    pub(super) forging: bool,
}

pub(super) struct Device {
    pub(super) epoch: u32,
    pub(super) key: [u8; 32],
    pub(super) revoked: bool,
    pub(super) heartbeat: Option<Heartbeat>,
}

pub(super) struct Lease {
    pub(super) grant: Grant,
    pub(super) device_key: [u8; 32],
    pub(super) closed: Option<u32>,
}

type Outcome = Result<Vec<u8>, Box<Problem>>;

impl City {
    pub(super) fn new(now: UtcMillis, seed: u8) -> City {
        City {
            now,
            key: SigningKey::from_bytes(&[seed; 32]),
            cut: false,
            faults: VecDeque::new(),
            requests: Vec::new(),
            pairing: BTreeMap::new(),
            devices: BTreeMap::new(),
            feed: Vec::new(),
            stock: BTreeMap::new(),
            grants: BTreeMap::new(),
            leases: BTreeMap::new(),
            coupons: BTreeMap::new(),
            poisoned: BTreeSet::new(),
            forging: false,
        }
    }

    pub(super) fn serve(&mut self, request: &WireRequest) -> WireAnswer {
        self.requests.push(format!("{} {}", request.method, request.path));
        let (status, media_type, body) = match self.route(request) {
            Ok(body) => (200, "application/json", body),
            Err(problem) => {
                (problem.status, PROBLEM_MEDIA_TYPE, serde_json::to_vec(&problem).unwrap_or_default())
            }
        };
        WireAnswer { status, content_type: Some(media_type.to_owned()), retry_after: None, body }
    }

    fn route(&mut self, request: &WireRequest) -> Outcome {
        let path = request.path.split('?').next().unwrap_or_default();
        if path == "/api/k/v1/enrol" {
            return self.enrol(&read(request)?);
        }
        let device = self.authenticate(request)?;
        match path {
            "/api/k/v1/heartbeat" => self.heartbeat(device, read(request)?),
            "/api/k/v1/feed" => self.page(request),
            "/api/k/v1/claims:batch" => self.claims(device, &read(request)?),
            "/api/k/v1/leases" => self.lease(device, &read(request)?),
            "/api/k/v1/leases:close" => self.close(device, &read(request)?),
            _ => Err(refuse(404, "NOT_FOUND", "没有这个地址")),
        }
    }

    fn authenticate(&self, request: &WireRequest) -> Result<DeviceId, Box<Problem>> {
        let refused = || refuse(401, code::DEVICE_REFUSED, "设备未被认可");
        let header = |name: &str| {
            request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
        };
        let id: DeviceId = header(DEVICE_HEADER).and_then(|text| text.parse().ok()).ok_or_else(refused)?;
        let at = header(TIME_HEADER).and_then(|text| text.parse().ok()).map(UtcMillis::new);
        let (at, signature) = at.zip(header(SIGNATURE_HEADER)).ok_or_else(refused)?;
        let device = self.devices.get(&id).filter(|device| !device.revoked).ok_or_else(refused)?;
        let head = RequestHead {
            device: id,
            method: request.method,
            path: &request.path,
            at,
            body_sha256: body_sha256(&request.body),
        };
        let key = VerifyingKey::from_bytes(&device.key).map_err(|_| refused())?;
        if !head.verify(signature, &key) {
            return Err(refused());
        }
        if self.now.since(at).abs() > REQUEST_SKEW_MS {
            return Err(Box::new(
                Problem::new(401, code::CLOCK_SKEW, "时间不准").with("now", self.now.get()),
            ));
        }
        Ok(id)
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Outcome {
        let refused = || refuse(403, code::PAIRING_REFUSED, "配对码无效");
        let again = self.pairing.remove(&request.pairing_code).ok_or_else(refused)?;
        let number = u8::try_from(self.devices.len() + 1).unwrap_or(u8::MAX);
        let device = again.unwrap_or(DeviceId::from_bytes([number; 16]));
        let epoch = self.devices.get(&device).map_or(1, |known| known.epoch + 1);
        self.devices
            .insert(device, Device { epoch, key: request.public_key, revoked: false, heartbeat: None });
        write(&EnrolAnswer {
            device,
            epoch,
            city: super::CITY,
            mall: MallId::from_bytes([1; 16]),
            platform_key: self.key.verifying_key().to_bytes(),
            now: self.now,
        })
    }

    fn check_epoch(&self, device: DeviceId, epoch: u32) -> Result<(), Box<Problem>> {
        match self.devices.get(&device) {
            Some(known) if known.epoch == epoch => Ok(()),
            Some(_) | None => Err(refuse(409, code::EPOCH_ENDED, "已在别处重新配对")),
        }
    }

    fn heartbeat(&mut self, device: DeviceId, heartbeat: Heartbeat) -> Outcome {
        self.check_epoch(device, heartbeat.epoch)?;
        if let Some(known) = self.devices.get_mut(&device) {
            known.heartbeat = Some(heartbeat);
        }
        write(&HeartbeatAnswer { now: self.now, feed_head: self.feed.len() as u64 })
    }

    fn page(&self, request: &WireRequest) -> Outcome {
        let since = request.path.split_once("since=").and_then(|(_, text)| text.parse::<u64>().ok());
        let since = since.ok_or_else(|| refuse(400, "INVALID", "缺少 since"))?;
        let from = usize::try_from(since).unwrap_or(usize::MAX).min(self.feed.len());
        let to = self.feed.len().min(from + PAGE_CHANGES_MAX);
        let page = Page {
            since,
            next: to as u64,
            more: to < self.feed.len(),
            changes: self.feed[from..to].to_vec(),
        };
        self.seal(&page, Purpose::FeedPage)
    }

    fn lease(&mut self, device: DeviceId, request: &LeaseRequest) -> Outcome {
        self.check_epoch(device, request.epoch)?;
        let number = (device, request.epoch, request.request_no);
        if let Some(answer) = self.grants.get(&number) {
            return write(answer);
        }
        let left = self.stock.get_mut(&request.batch);
        let left = left.ok_or_else(|| refuse(409, code::BATCH_NOT_ACTIVE, "活动未开放"))?;
        let slots = request.want.min(*left);
        if slots == 0 {
            return Err(refuse(409, code::BATCH_EXHAUSTED, "已领完"));
        }
        *left -= slots;
        let mut lease = [0; 16];
        lease[8..].copy_from_slice(&(self.leases.len() as u64 + 1).to_be_bytes());
        let grant = Grant {
            lease: LeaseId::from_bytes(lease),
            device,
            epoch: request.epoch,
            request_no: request.request_no,
            batch: request.batch,
            slots,
            expires_at: self.now.plus_ms(ISSUE_MS),
            reclaim_at: self.now.plus_ms(ISSUE_MS + VOUCHER_MS),
        };
        let device_key = self.devices.get(&device).map_or([0; 32], |device| device.key);
        self.leases.insert(grant.lease, Lease { grant, device_key, closed: None });
        let body = self.seal(&grant, Purpose::Grant)?;
        if let Ok(signed) = serde_json::from_slice(&body) {
            self.grants.insert(number, signed);
        }
        Ok(body)
    }

    fn close(&mut self, device: DeviceId, request: &CloseRequest) -> Outcome {
        self.check_epoch(device, request.epoch)?;
        let lease = self.leases.get_mut(&request.lease).filter(|lease| lease.grant.device == device);
        let lease = lease.ok_or_else(|| refuse(404, "NOT_FOUND", "没有这份配额"))?;
        let returned = lease.grant.slots.saturating_sub(request.used);
        if lease.closed.replace(request.used).is_none() {
            *self.stock.entry(lease.grant.batch).or_default() += returned;
        }
        write(&CloseAnswer { returned })
    }

    fn claims(&mut self, device: DeviceId, request: &ClaimsRequest) -> Outcome {
        self.check_epoch(device, request.epoch)?;
        if request.claims.iter().any(|claim| self.poisoned.contains(&claim.slot)) {
            return Err(refuse(422, "INVALID", "请求有误"));
        }
        let outcomes = request
            .claims
            .iter()
            .map(|claim| ClaimOutcome { event: claim.event, verdict: self.claim(claim) })
            .collect();
        write(&ClaimsAnswer { outcomes })
    }

    /// One coupon a slot, whatever arrives how often.
    fn claim(&mut self, claim: &ClaimReport) -> Verdict {
        let rejected = |code: &str| Verdict::Rejected { code: code.to_owned() };
        if let Some((_, verdict)) = self.coupons.get(&(claim.lease, claim.slot)) {
            return verdict.clone();
        }
        let Some(promise) = self.leases.get(&claim.lease).and_then(|lease| promise(lease, claim)) else {
            return rejected("VOUCHER_REFUSED");
        };
        let verdict = if self.held(promise.pseudonym, promise.batch) >= PERSON_MAX {
            rejected("USER_LIMIT")
        } else {
            Verdict::Issued { ends_at: self.now.plus_ms(VOUCHER_MS) }
        };
        self.coupons.insert((claim.lease, claim.slot), (promise, verdict.clone()));
        verdict
    }

    fn held(&self, pseudonym: Pseudonym, batch: BatchId) -> usize {
        self.coupons
            .values()
            .filter(|(promise, verdict)| {
                promise.pseudonym == pseudonym
                    && promise.batch == batch
                    && matches!(verdict, Verdict::Issued { .. })
            })
            .count()
    }

    fn seal<T: Serialize>(&self, message: &T, purpose: Purpose) -> Outcome {
        let forger = SigningKey::from_bytes(&[66; 32]);
        Signed::seal(message, purpose, if self.forging { &forger } else { &self.key })
            .map_err(broken)
            .and_then(|signed| write(&signed))
    }
}

/// The promise behind a report, if the lease's own kiosk made it for this slot.
fn promise(lease: &Lease, claim: &ClaimReport) -> Option<Voucher> {
    let key = VerifyingKey::from_bytes(&lease.device_key).ok()?;
    let promise = voucher::read(claim.voucher.as_bytes()).ok()?.verify(&key).ok()?;
    let fits = promise.lease == claim.lease && promise.slot == claim.slot && promise.slot < lease.grant.slots;
    let still_open = lease.closed.is_none_or(|used| promise.slot < used);
    (fits && still_open && promise.batch == lease.grant.batch).then_some(promise)
}

fn read<T: DeserializeOwned>(request: &WireRequest) -> Result<T, Box<Problem>> {
    serde_json::from_slice(&request.body).map_err(|_| refuse(400, "INVALID", "请求有误"))
}

fn write<T: Serialize>(message: &T) -> Outcome {
    serde_json::to_vec(message).map_err(broken)
}

fn broken(_: serde_json::Error) -> Box<Problem> {
    refuse(500, "INTERNAL", "平台出错")
}

fn refuse(status: u16, code: &str, title: &str) -> Box<Problem> {
    Box::new(Problem::new(status, code, title))
}
