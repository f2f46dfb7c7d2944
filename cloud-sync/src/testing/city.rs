//! What the platform in memory answers.

use super::{
    Fault,
    feed::{Feed, place_of},
    trust::{Asking, Trust},
};
use crate::transport::{WireAnswer, WireRequest};
use domain::{
    consumer_code::Pseudonym,
    ids::{BatchId, DeviceId, LeaseId, MallId},
    quota::Period,
    time::UtcMillis,
    voucher::{self, Voucher},
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    device::{
        CONFESS_PATH, Confession, EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, REQUEST_SKEW_MS,
    },
    feed::{Reading, Row},
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    media::MediaHash,
    outbox::{ClaimOutcome, ClaimReport, ClaimsAnswer, ClaimsRequest, Verdict},
    problem::{PROBLEM_MEDIA_TYPE, Problem, code},
    push::{STREAM_MEDIA_TYPE, STREAM_PATH},
    signed::{Bound, Purpose, Signed},
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc;

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
    pub(super) last_post: Option<WireRequest>,
    pub(super) losing: Option<(String, u32)>,
    pub(super) pairing: BTreeMap<String, Option<DeviceId>>,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) feed: Feed,
    pub(super) stock: BTreeMap<BatchId, u32>,
    pub(super) grants: BTreeMap<(DeviceId, u32, u64), Signed>,
    pub(super) leases: BTreeMap<LeaseId, Lease>,
    pub(super) coupons: BTreeMap<(LeaseId, u32), (Voucher, Verdict)>,
    pub(super) poisoned: BTreeMap<u32, u16>,
    pub(super) forging: bool,
    pub(super) media: BTreeMap<MediaHash, Vec<u8>>,
    pub(super) streams: Vec<mpsc::UnboundedSender<Vec<u8>>>,
}

pub(super) struct Device {
    pub(super) epoch: u32,
    pub(super) key: [u8; 32],
    pub(super) revoked: bool,
    pub(super) trust: Trust,
    pub(super) heartbeat: Option<Heartbeat>,
}

pub(super) struct Lease {
    pub(super) grant: Grant,
    pub(super) device_key: [u8; 32],
    pub(super) closed: Option<u32>,
}

pub(super) type Outcome = Result<Vec<u8>, Box<Problem>>;

impl City {
    pub(super) fn new(now: UtcMillis, seed: u8) -> City {
        City {
            now,
            key: SigningKey::from_bytes(&[seed; 32]),
            cut: false,
            faults: VecDeque::new(),
            requests: Vec::new(),
            last_post: None,
            losing: None,
            pairing: BTreeMap::new(),
            devices: BTreeMap::new(),
            feed: Feed::default(),
            stock: BTreeMap::new(),
            grants: BTreeMap::new(),
            leases: BTreeMap::new(),
            coupons: BTreeMap::new(),
            poisoned: BTreeMap::new(),
            forging: false,
            streams: Vec::new(),
            media: BTreeMap::new(),
        }
    }

    /// True if this request is one of those to be lost; it is counted.
    pub(super) fn loses(&mut self, request: &WireRequest) -> bool {
        match &mut self.losing {
            Some((word, times)) if *times > 0 && request.path.contains(word.as_str()) => {
                *times -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn serve(&mut self, request: &WireRequest) -> WireAnswer {
        self.requests.push(format!("{} {}", request.method, request.path));
        if request.method == "POST" {
            self.last_post = Some(request.clone());
        }
        if let Some(part) = self.medium(request) {
            return WireAnswer { status: 206, body: part, ..WireAnswer::default() };
        }
        let (status, media_type, body) = match self.route(request) {
            Ok(body) if request.path == STREAM_PATH => (200, STREAM_MEDIA_TYPE, body),
            Ok(body) => (200, "application/json", body),
            Err(problem) => {
                (problem.status, PROBLEM_MEDIA_TYPE, serde_json::to_vec(&problem).unwrap_or_default())
            }
        };
        WireAnswer { status, content_type: Some(media_type.to_owned()), retry_after: None, body }
    }

    /// The range of a medium that is asked for by a kiosk we know.
    fn medium(&self, request: &WireRequest) -> Option<Vec<u8>> {
        let name = request.path.strip_prefix("/api/k/v1/media/")?;
        self.authenticate(request, &Asking::read(request)?).ok()?;
        let medium = self.media.get(&name.parse().ok()?)?;
        let range = request.headers.iter().find(|(name, _)| *name == "range")?.1.strip_prefix("bytes=")?;
        let (first, last) = range.split_once('-')?;
        medium.get(first.parse().ok()?..=last.parse().ok()?).map(<[u8]>::to_vec)
    }

    fn route(&mut self, request: &WireRequest) -> Outcome {
        let path = request.path.split('?').next().unwrap_or_default();
        if path == "/api/k/v1/enrol" {
            return self.enrol(&read(request)?);
        }
        let asking =
            Asking::read(request).ok_or_else(|| refuse(401, code::DEVICE_REFUSED, "设备未被认可"))?;
        self.authenticate(request, &asking)?;
        let device = asking.device;
        match path {
            "/api/k/v1/feed" => return self.page(request),
            STREAM_PATH => return Ok(Vec::new()),
            CONFESS_PATH => return self.confess(device, &read(request)?),
            // One that is here was given out before; reading counts no requests.
            path if path.starts_with("/api/k/v1/media/") => {
                return Err(refuse(404, "NOT_FOUND", "没有这个文件"));
            }
            _ => self.admit(&asking)?,
        }
        match path {
            "/api/k/v1/heartbeat" => self.heartbeat(&asking, read(request)?),
            "/api/k/v1/claims:batch" => self.claims(&asking, &read(request)?),
            "/api/k/v1/leases" => self.lease(device, &read(request)?),
            "/api/k/v1/leases:close" => self.close(&asking, &read(request)?),
            _ => Err(refuse(404, "NOT_FOUND", "没有这个地址")),
        }
    }

    fn authenticate(&self, request: &WireRequest, asking: &Asking) -> Result<(), Box<Problem>> {
        let refused = || refuse(401, code::DEVICE_REFUSED, "设备未被认可");
        let device = self.devices.get(&asking.device).filter(|device| !device.revoked).ok_or_else(refused)?;
        let key = VerifyingKey::from_bytes(&device.key).map_err(|_| refused())?;
        if !asking.is_signed(request, &key) {
            return Err(refused());
        }
        if device.trust.fenced {
            return Err(refuse(403, code::DEVICE_FENCED, "设备已停用，请重新配对"));
        }
        if self.now.since(asking.at).abs() > REQUEST_SKEW_MS {
            return Err(Box::new(
                Problem::new(401, code::CLOCK_SKEW, "时间不准").with("now", self.now.get()),
            ));
        }
        Ok(())
    }

    /// A request that is older than one served before is answered with a challenge.
    fn admit(&mut self, asking: &Asking) -> Result<(), Box<Problem>> {
        let known = self.devices.get_mut(&asking.device);
        let known = known.ok_or_else(|| refuse(401, code::DEVICE_REFUSED, "设备未被认可"))?;
        match known.trust.admit(asking) {
            Ok(()) => Ok(()),
            Err(behind) => Err(super::trust::challenge(&self.key, asking, (known.epoch, self.now), behind)),
        }
    }

    fn confess(&mut self, device: DeviceId, confession: &Confession) -> Outcome {
        let known = self.devices.get_mut(&device);
        let known = known.ok_or_else(|| refuse(401, code::DEVICE_REFUSED, "设备未被认可"))?;
        known.trust.confess(&self.key, (device, known.epoch, self.now), confession)
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Outcome {
        let refused = || refuse(403, code::PAIRING_REFUSED, "配对码无效");
        let again = self.pairing.remove(&request.pairing_code).ok_or_else(refused)?;
        let number = u8::try_from(self.devices.len() + 1).unwrap_or(u8::MAX);
        let device = again.unwrap_or(DeviceId::from_bytes([number; 16]));
        let epoch = self.devices.get(&device).map_or(1, |known| known.epoch + 1);
        self.devices.insert(
            device,
            Device {
                epoch,
                key: request.public_key,
                revoked: false,
                trust: Trust::default(),
                heartbeat: None,
            },
        );
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

    fn heartbeat(&mut self, asking: &Asking, heartbeat: Heartbeat) -> Outcome {
        self.check_epoch(asking.device, heartbeat.epoch)?;
        if let Some(known) = self.devices.get_mut(&asking.device) {
            if let Err(behind) = known.trust.hear(&heartbeat.high_water) {
                return Err(super::trust::challenge(&self.key, asking, (known.epoch, self.now), behind));
            }
            known.heartbeat = Some(heartbeat);
        }
        let answer = HeartbeatAnswer { now: self.now, feed_head: self.feed.head() };
        self.seal_bound(asking, answer, Purpose::Heartbeat)
    }

    fn page(&self, request: &WireRequest) -> Outcome {
        let place = request.path.split_once('?').and_then(|(_, query)| place_of(query));
        let place = place.ok_or_else(|| refuse(400, "INVALID", "请求有误"))?;
        self.seal(&self.feed.page(&place), Purpose::FeedPage)
    }

    fn lease(&mut self, device: DeviceId, request: &LeaseRequest) -> Outcome {
        self.check_epoch(device, request.epoch)?;
        let number = (device, request.epoch, request.request_no);
        if let Some(answer) = self.grants.get(&number) {
            return write(answer);
        }
        let at = request.at.map_or(self.now, |at| at.max(self.now));
        let (version, period) = self.terms_at(request.batch, at)?;
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
            version,
            slots,
            valid_from: period.from.max(UtcMillis::new(0)),
            expires_at: at.plus_ms(ISSUE_MS).min(period.until),
            reclaim_at: at.plus_ms(ISSUE_MS).min(period.until).plus_ms(VOUCHER_MS),
        };
        let device_key = self.devices.get(&device).map_or([0; 32], |device| device.key);
        self.leases.insert(grant.lease, Lease { grant, device_key, closed: None });
        let body = self.seal(&grant, Purpose::Grant)?;
        if let Ok(signed) = serde_json::from_slice(&body) {
            self.grants.insert(number, signed);
        }
        Ok(body)
    }

    /// Version and period of the terms last published; a batch never published has none and is lent all the same.
    fn terms_at(&self, batch: BatchId, at: UtcMillis) -> Result<(u32, Period), Box<Problem>> {
        let published = self.feed.log.iter().rev().find_map(|change| match change.read() {
            Reading::Put(Row::Batch(row)) if row.id == batch => Some(row),
            Reading::Put(_) | Reading::Drop | Reading::NotUnderstood => None,
        });
        let (version, quota) = published.map_or_else(Default::default, |row| (row.version, row.terms.quota));
        let period = quota.period_at(at).ok_or_else(|| refuse(409, "OUT_OF_WINDOW", "不在发放时段"))?;
        Ok((version, period))
    }

    fn close(&mut self, asking: &Asking, request: &CloseRequest) -> Outcome {
        let device = asking.device;
        self.check_epoch(device, request.epoch)?;
        let lease = self.leases.get_mut(&request.lease).filter(|lease| lease.grant.device == device);
        let lease = lease.ok_or_else(|| refuse(404, "NOT_FOUND", "没有这份配额"))?;
        let returned = lease.grant.slots.saturating_sub(request.used);
        if lease.closed.replace(request.used).is_none() {
            *self.stock.entry(lease.grant.batch).or_default() += returned;
        }
        self.seal_bound(asking, CloseAnswer { returned }, Purpose::Close)
    }

    fn claims(&mut self, asking: &Asking, request: &ClaimsRequest) -> Outcome {
        self.check_epoch(asking.device, request.epoch)?;
        if let Some(status) = request.claims.iter().find_map(|claim| self.poisoned.get(&claim.slot)) {
            return Err(refuse(*status, "INVALID", "请求有误"));
        }
        let outcomes = request
            .claims
            .iter()
            .map(|claim| ClaimOutcome { event: claim.event, verdict: self.claim(claim) })
            .collect();
        self.seal_bound(asking, ClaimsAnswer { outcomes }, Purpose::Claims)
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

    fn seal_bound<T: Serialize>(&self, asking: &Asking, answer: T, purpose: Purpose) -> Outcome {
        let epoch = self.devices.get(&asking.device).map_or(0, |device| device.epoch);
        let counter = asking.counter.unwrap_or(0);
        let bound = Bound { device: asking.device, epoch, counter, answer };
        Signed::seal(&bound, purpose, &self.key).map_err(broken).and_then(|signed| write(&signed))
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

pub(super) fn write<T: Serialize>(message: &T) -> Outcome {
    serde_json::to_vec(message).map_err(broken)
}

pub(super) fn broken(_: serde_json::Error) -> Box<Problem> {
    refuse(500, "INTERNAL", "平台出错")
}

pub(super) fn refuse(status: u16, code: &str, title: &str) -> Box<Problem> {
    Box::new(Problem::new(status, code, title))
}
