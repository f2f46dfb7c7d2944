//! Requests as they travel, and answers as far as they can be believed: pure.
//!
//! Whatever answers is a stranger until proven otherwise: a captive portal says 200 with a page of its own. An answer
//! counts only when the pinned platform key signed it, and all but pages and grants, which name what they are for, only
//! for the very request they were made for. Refusals are as good as the TLS they came over, but for the one that
//! fences a kiosk, which is signed as well.

pub mod stream;

use crate::{
    store::Identity,
    transport::{TransportError, WireAnswer, WireRequest},
};
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    device::{
        COUNTER_HEADER, Challenge, Confession, ConfessionAnswer, DEVICE_HEADER, EnrolAnswer, EnrolRequest,
        Heartbeat, HeartbeatAnswer, RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256,
    },
    feed::{Page, Place},
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    media::MediaHash,
    outbox::{ClaimsAnswer, ClaimsRequest},
    problem::{Problem, code},
    signed::{Bound, Purpose, Signed},
};
use serde::{Serialize, de::DeserializeOwned};

/// Something to ask of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Be enrolled. The only call that is not signed.
    Enrol(EnrolRequest),
    /// Say how the kiosk is, learn the time and the feed's head.
    Heartbeat(Heartbeat),
    /// The page after a place.
    Feed(Place),
    /// Bytes of a medium, from the first to the one before `to`.
    Media {
        /// Which.
        sha256: MediaHash,
        /// The first.
        from: u32,
        /// Behind the last.
        to: u32,
    },
    /// Report claims.
    Claims(ClaimsRequest),
    /// Ask for stock.
    Lease(LeaseRequest),
    /// Give stock back.
    Close(CloseRequest),
    /// Say that this disk is older than what the kiosk once said.
    Confess(Confession),
}

impl Call {
    /// True for what only an enrolled kiosk may ask.
    pub fn is_signed(&self) -> bool {
        !matches!(self, Call::Enrol(_))
    }

    /// True for what carries a number: it is signed and changes something. A confession carries none, because the
    /// number is what is wrong.
    pub fn is_counted(&self) -> bool {
        match self {
            Call::Heartbeat(_) | Call::Claims(_) | Call::Lease(_) | Call::Close(_) => true,
            Call::Enrol(_) | Call::Feed(_) | Call::Media { .. } | Call::Confess(_) => false,
        }
    }
}

/// An answer that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Call::Enrol`].
    Enrolled(EnrolAnswer),
    /// To [`Call::Heartbeat`]; signed by the platform, like all that follow.
    Heartbeat(HeartbeatAnswer),
    /// To [`Call::Feed`].
    Page(Page),
    /// To [`Call::Media`]; believed only once the whole medium was hashed.
    MediaPart {
        /// Which.
        sha256: MediaHash,
        /// Where the bytes begin.
        from: u32,
        /// The bytes.
        part: Vec<u8>,
    },
    /// To [`Call::Claims`].
    Claims(ClaimsAnswer),
    /// To [`Call::Lease`].
    Grant(Grant),
    /// To [`Call::Close`].
    Closed(CloseAnswer),
    /// To [`Call::Confess`].
    Confessed(ConfessionAnswer),
}

/// Why a call has no answer to act on.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// No answer at all.
    #[error("no answer")]
    Transport(#[from] TransportError),
    /// Somebody answered, but not the platform: a captive portal, a redirect, half an answer.
    #[error("the answer is not the platform's")]
    NotPlatform,
    /// The answer is not signed by the pinned key, or was made for another request.
    #[error("the answer is not believed")]
    NotBelieved,
    /// The platform, or something before it, cannot answer now.
    #[error("the platform is unavailable")]
    Unavailable {
        /// What `Retry-After` says.
        retry_after_ms: Option<i64>,
    },
    /// This request broke something over there; others may work.
    #[error("the platform failed")]
    Broken {
        /// What `Retry-After` says.
        retry_after_ms: Option<i64>,
    },
    /// Too many requests.
    #[error("asked too often")]
    RateLimited {
        /// What `Retry-After`, or the problem, says.
        retry_after_ms: Option<i64>,
    },
    /// This kiosk's time is too far from the platform's.
    #[error("the clock is wrong")]
    ClockSkew {
        /// The platform's time.
        now: UtcMillis,
    },
    /// The platform does not know this device, or not any more.
    #[error("the device is refused")]
    DeviceRefused,
    /// Another enrolment took this one's place.
    #[error("the epoch has ended")]
    EpochEnded,
    /// The request is older than one the platform has served: this disk was rolled back, or lives in two kiosks.
    #[error("this disk is older than what the kiosk once said")]
    CounterBehind {
        /// The platform's signed word on it, to be confessed.
        challenge: Box<Signed>,
    },
    /// The epoch is over, because this kiosk or a copy of it has confessed.
    #[error("the device is fenced")]
    Fenced,
    /// This very request is refused; asking the same again would be refused again.
    #[error("refused: {code}")]
    Refused {
        /// The platform's stable code.
        code: String,
        /// What `Retry-After` says.
        retry_after_ms: Option<i64>,
    },
}

impl Failure {
    /// A stable word for the class, or the platform's own code.
    pub fn code(&self) -> &str {
        match self {
            Failure::Transport(TransportError::Timeout) => "TIMEOUT",
            Failure::Transport(TransportError::UnknownAuthority) => "UNKNOWN_AUTHORITY",
            Failure::Transport(TransportError::WrongHost) => "WRONG_HOST",
            Failure::Transport(TransportError::NotValidToday) => "CERTIFICATE_NOT_VALID",
            Failure::Transport(TransportError::NotSecure) => "NOT_SECURE",
            Failure::Transport(TransportError::PlainHttp) => "PLAIN_HTTP",
            Failure::Transport(
                TransportError::Unreachable | TransportError::TooLong | TransportError::BadRequest,
            ) => "UNREACHABLE",
            Failure::NotPlatform | Failure::NotBelieved => "NOT_PLATFORM",
            Failure::Unavailable { .. } => "UNAVAILABLE",
            Failure::Broken { .. } => "BROKEN",
            Failure::RateLimited { .. } => code::RATE_LIMITED,
            Failure::ClockSkew { .. } => code::CLOCK_SKEW,
            Failure::DeviceRefused => code::DEVICE_REFUSED,
            Failure::EpochEnded => code::EPOCH_ENDED,
            Failure::CounterBehind { .. } => code::COUNTER_BEHIND,
            Failure::Fenced => code::DEVICE_FENCED,
            Failure::Refused { code, .. } => code,
        }
    }

    /// When to ask again, if the answer said so.
    pub fn retry_after_ms(&self) -> Option<i64> {
        match self {
            Failure::Unavailable { retry_after_ms }
            | Failure::Broken { retry_after_ms }
            | Failure::RateLimited { retry_after_ms }
            | Failure::Refused { retry_after_ms, .. } => *retry_after_ms,
            Failure::Transport(_)
            | Failure::NotPlatform
            | Failure::NotBelieved
            | Failure::ClockSkew { .. }
            | Failure::DeviceRefused
            | Failure::EpochEnded
            | Failure::CounterBehind { .. }
            | Failure::Fenced => None,
        }
    }
}

/// Who signs a request, and when.
pub struct Signer<'a> {
    /// This kiosk.
    pub device: DeviceId,
    /// Its key.
    pub key: &'a SigningKey,
    /// The platform's time as far as this kiosk knows.
    pub at: UtcMillis,
    /// The request's number, for a call that is counted.
    pub counter: Option<u64>,
}

/// Whose answer is awaited, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The pinned key of the platform.
    pub platform_key: [u8; 32],
    /// This kiosk.
    pub device: DeviceId,
    /// Its enrolment.
    pub epoch: u32,
    /// The request's number, for a call that is counted.
    pub counter: Option<u64>,
}

impl Awaited {
    /// What a kiosk with this identity awaits after the request of this number.
    pub fn by(identity: &Identity, counter: Option<u64>) -> Awaited {
        let Identity { platform_key, device, epoch, .. } = *identity;
        Awaited { platform_key, device, epoch, counter }
    }
}

/// Makes the request of a call; all but [`Call::Enrol`] want a signer.
///
/// # Errors
/// When a message cannot be written as JSON, which none of ours is.
pub fn encode(
    origin: &str,
    call: &Call,
    signer: Option<&Signer<'_>>,
) -> Result<WireRequest, serde_json::Error> {
    let (method, path, body) = match call {
        Call::Enrol(request) => post("enrol", request)?,
        Call::Heartbeat(request) => post("heartbeat", request)?,
        Call::Feed(place) => ("GET", format!("/api/k/v1/feed?{}", place.query()), Vec::new()),
        Call::Media { sha256, .. } => ("GET", format!("/api/k/v1/media/{sha256}"), Vec::new()),
        Call::Claims(request) => post("claims:batch", request)?,
        Call::Lease(request) => post("leases", request)?,
        Call::Close(request) => post("leases:close", request)?,
        Call::Confess(confession) => post("confess", confession)?,
    };
    let mut headers = vec![("accept", "application/json".to_owned())];
    if let Call::Media { sha256, from, to } = call {
        headers.push(("range", format!("bytes={from}-{}", to.saturating_sub(1))));
        headers.push(("if-range", format!("\"{sha256}\"")));
    }
    if !body.is_empty() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    if let Some(signer) = signer {
        headers.extend(signed_headers(signer, method, &path, &body));
    }
    Ok(WireRequest { origin: origin.to_owned(), method, path, headers, body })
}

fn post<T: Serialize>(name: &str, message: &T) -> Result<(&'static str, String, Vec<u8>), serde_json::Error> {
    Ok(("POST", format!("/api/k/v1/{name}"), serde_json::to_vec(message)?))
}

fn signed_headers(
    signer: &Signer<'_>,
    method: &str,
    path: &str,
    body: &[u8],
) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let Signer { device, at, counter, .. } = *signer;
    let head = RequestHead { device, method, path, at, counter, body_sha256: body_sha256(body) };
    let counted = counter.map(|counter| (COUNTER_HEADER, counter.to_string()));
    let signature = head.sign(signer.key);
    [(DEVICE_HEADER, device.to_string()), (TIME_HEADER, at.get().to_string()), (SIGNATURE_HEADER, signature)]
        .into_iter()
        .chain(counted)
}

/// Believes an answer, or says why not. Before enrolment nobody's answer is awaited and only that to a pairing code
/// believed.
pub fn decode(call: &Call, answer: &WireAnswer, awaited: Option<&Awaited>) -> Result<Answer, Failure> {
    if !(200..300).contains(&answer.status) {
        return Err(refusal(answer, awaited));
    }
    Ok(match call {
        Call::Enrol(_) => Answer::Enrolled(read(answer)?),
        Call::Heartbeat(_) => Answer::Heartbeat(open_bound(answer, Purpose::Heartbeat, awaited)?),
        Call::Feed(_) => Answer::Page(open(&read(answer)?, Purpose::FeedPage, awaited)?),
        Call::Media { sha256, from, to } => media_part(answer, *sha256, (*from, *to))?,
        Call::Claims(_) => Answer::Claims(open_bound(answer, Purpose::Claims, awaited)?),
        Call::Lease(_) => Answer::Grant(open(&read(answer)?, Purpose::Grant, awaited)?),
        Call::Close(_) => Answer::Closed(open_bound(answer, Purpose::Close, awaited)?),
        Call::Confess(confession) => Answer::Confessed(open_confessed(confession, answer, awaited)?),
    })
}

/// Exactly the bytes that were asked for. A gateway that gives the whole medium, or a page of its own, did not understand;
/// that is no reason to think the platform away.
fn media_part(answer: &WireAnswer, sha256: MediaHash, (from, to): (u32, u32)) -> Result<Answer, Failure> {
    let is_part = answer.status == 206 && answer.body.len() == to.saturating_sub(from) as usize;
    if is_part {
        Ok(Answer::MediaPart { sha256, from, part: answer.body.clone() })
    } else {
        Err(Failure::NotBelieved)
    }
}

fn read<T: DeserializeOwned>(answer: &WireAnswer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|_| Failure::NotPlatform)
}

fn open<T: DeserializeOwned>(
    signed: &Signed,
    purpose: Purpose,
    awaited: Option<&Awaited>,
) -> Result<T, Failure> {
    let pinned = awaited.and_then(|awaited| VerifyingKey::from_bytes(&awaited.platform_key).ok());
    let key = pinned.ok_or(Failure::NotBelieved)?;
    signed.open(purpose, &key).map_err(|_| Failure::NotBelieved)
}

/// What the platform signed for exactly the request that was sent.
fn open_bound<T: DeserializeOwned>(
    answer: &WireAnswer,
    purpose: Purpose,
    awaited: Option<&Awaited>,
) -> Result<T, Failure> {
    let bound: Bound<T> = open(&read(answer)?, purpose, awaited)?;
    let fits = awaited.is_some_and(|awaited| {
        (awaited.device, awaited.epoch, awaited.counter) == (bound.device, bound.epoch, Some(bound.counter))
    });
    if fits { Ok(bound.answer) } else { Err(Failure::NotBelieved) }
}

/// A confession has no number of its own: its answer is bound to that of the challenge.
fn open_confessed(
    confession: &Confession,
    answer: &WireAnswer,
    awaited: Option<&Awaited>,
) -> Result<ConfessionAnswer, Failure> {
    let challenge: Challenge = open(&confession.challenge, Purpose::Challenge, awaited)?;
    let awaited = awaited.map(|awaited| Awaited { counter: Some(challenge.counter), ..*awaited });
    open_bound(answer, Purpose::Confession, awaited.as_ref())
}

/// A challenge fences a kiosk for good: it is believed only from the platform, and only as the answer to what was just
/// sent.
fn challenged(problem: &Problem, awaited: Option<&Awaited>) -> Failure {
    let told = problem.fields.get("challenge").cloned();
    let Some(signed) = told.and_then(|told| serde_json::from_value::<Signed>(told).ok()) else {
        return Failure::NotBelieved;
    };
    match (open::<Challenge>(&signed, Purpose::Challenge, awaited), awaited) {
        (Ok(challenge), Some(awaited))
            if (challenge.device, challenge.epoch, Some(challenge.counter))
                == (awaited.device, awaited.epoch, awaited.counter) =>
        {
            Failure::CounterBehind { challenge: Box::new(signed) }
        }
        (Ok(_) | Err(_), _) => Failure::NotBelieved,
    }
}

fn refusal(answer: &WireAnswer, awaited: Option<&Awaited>) -> Failure {
    let header_ms = answer.retry_after.as_deref().and_then(retry_after_ms);
    let problem = serde_json::from_slice::<Problem>(&answer.body).ok();
    match answer.status {
        502..=504 => return Failure::Unavailable { retry_after_ms: header_ms },
        // Network authentication required: a portal that says so.
        511 => return Failure::NotPlatform,
        500.. => return Failure::Broken { retry_after_ms: header_ms },
        0..500 => {}
    }
    if answer.status == 429 {
        let told_s = problem.and_then(|problem| problem.fields.get("retry_after_s")?.as_i64());
        let told_ms = told_s.map(|seconds| seconds.saturating_mul(1_000));
        return Failure::RateLimited { retry_after_ms: header_ms.max(told_ms) };
    }
    match problem {
        Some(problem) if problem.code == code::COUNTER_BEHIND => challenged(&problem, awaited),
        Some(problem) if answer.status >= 400 => by_code(problem, header_ms),
        Some(_) | None => Failure::NotPlatform,
    }
}

fn by_code(problem: Problem, retry_after_ms: Option<i64>) -> Failure {
    match problem.code.as_str() {
        code::CLOCK_SKEW => match problem.fields.get("now").and_then(serde_json::Value::as_i64) {
            Some(now) => Failure::ClockSkew { now: UtcMillis::new(now) },
            None => Failure::NotPlatform,
        },
        code::DEVICE_REFUSED => Failure::DeviceRefused,
        code::EPOCH_ENDED => Failure::EpochEnded,
        code::DEVICE_FENCED => Failure::Fenced,
        _ => Failure::Refused { code: problem.code, retry_after_ms },
    }
}

/// Seconds only: the other form of the header, a date, would be read with the clock that may be wrong.
fn retry_after_ms(header: &str) -> Option<i64> {
    let seconds: i64 = header.trim().parse().ok()?;
    (seconds >= 0).then(|| seconds.saturating_mul(1_000))
}
