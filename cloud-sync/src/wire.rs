//! Requests as they travel, and answers as far as they can be believed: pure.
//!
//! Whatever answers is a stranger until proven otherwise: a captive portal says 200 with a page of its own. Feed pages
//! and grants count only when the pinned platform key signed them.

use crate::transport::{TransportError, WireAnswer, WireRequest};
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    device::{
        DEVICE_HEADER, EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, RequestHead, SIGNATURE_HEADER,
        TIME_HEADER, body_sha256,
    },
    feed::Page,
    lease::{CloseAnswer, CloseRequest, Grant, LeaseRequest},
    outbox::{ClaimsAnswer, ClaimsRequest},
    problem::{Problem, code},
    signed::{Purpose, Signed},
};
use serde::{Serialize, de::DeserializeOwned};

/// Something to ask of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Be enrolled. The only call that is not signed.
    Enrol(EnrolRequest),
    /// Say how the kiosk is, learn the time and the feed's head.
    Heartbeat(Heartbeat),
    /// The page after a cursor.
    Feed {
        /// The cursor.
        since: u64,
    },
    /// Report claims.
    Claims(ClaimsRequest),
    /// Ask for stock.
    Lease(LeaseRequest),
    /// Give stock back.
    Close(CloseRequest),
}

impl Call {
    /// True for what only an enrolled kiosk may ask.
    pub fn is_signed(&self) -> bool {
        !matches!(self, Call::Enrol(_))
    }
}

/// An answer that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Call::Enrol`].
    Enrolled(EnrolAnswer),
    /// To [`Call::Heartbeat`].
    Heartbeat(HeartbeatAnswer),
    /// To [`Call::Feed`]; signed by the platform.
    Page(Page),
    /// To [`Call::Claims`].
    Claims(ClaimsAnswer),
    /// To [`Call::Lease`]; signed by the platform.
    Grant(Grant),
    /// To [`Call::Close`].
    Closed(CloseAnswer),
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
    /// The signature of a page or grant does not fit the pinned key.
    #[error("the answer is not believed")]
    NotBelieved,
    /// The platform, or something before it, cannot answer now.
    #[error("the platform is unavailable")]
    Unavailable {
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
    /// This very request is refused; asking the same again would be refused again.
    #[error("refused: {code}")]
    Refused {
        /// The platform's stable code.
        code: String,
    },
}

impl Failure {
    /// A stable word for the class, or the platform's own code.
    pub fn code(&self) -> &str {
        match self {
            Failure::Transport(TransportError::Timeout) => "TIMEOUT",
            Failure::Transport(TransportError::NotSecure) => "NOT_SECURE",
            Failure::Transport(
                TransportError::Unreachable | TransportError::TooLong | TransportError::BadRequest,
            ) => "UNREACHABLE",
            Failure::NotPlatform | Failure::NotBelieved => "NOT_PLATFORM",
            Failure::Unavailable { .. } => "UNAVAILABLE",
            Failure::RateLimited { .. } => code::RATE_LIMITED,
            Failure::ClockSkew { .. } => code::CLOCK_SKEW,
            Failure::DeviceRefused => code::DEVICE_REFUSED,
            Failure::EpochEnded => code::EPOCH_ENDED,
            Failure::Refused { code } => code,
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
        Call::Feed { since } => ("GET", format!("/api/k/v1/feed?since={since}"), Vec::new()),
        Call::Claims(request) => post("claims:batch", request)?,
        Call::Lease(request) => post("leases", request)?,
        Call::Close(request) => post("leases:close", request)?,
    };
    let mut headers = vec![("accept", "application/json".to_owned())];
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

fn signed_headers(signer: &Signer<'_>, method: &str, path: &str, body: &[u8]) -> [(&'static str, String); 3] {
    let (device, at) = (signer.device, signer.at);
    let head = RequestHead { device, method, path, at, body_sha256: body_sha256(body) };
    [
        (DEVICE_HEADER, device.to_string()),
        (TIME_HEADER, at.get().to_string()),
        (SIGNATURE_HEADER, head.sign(signer.key)),
    ]
}

/// Believes an answer, or says why not. `platform_key` is the pinned one; before enrolment there is none.
pub fn decode(call: &Call, answer: &WireAnswer, platform_key: Option<[u8; 32]>) -> Result<Answer, Failure> {
    if !(200..300).contains(&answer.status) {
        return Err(refusal(answer));
    }
    Ok(match call {
        Call::Enrol(_) => Answer::Enrolled(read(answer)?),
        Call::Heartbeat(_) => Answer::Heartbeat(read(answer)?),
        Call::Feed { .. } => Answer::Page(open(answer, Purpose::FeedPage, platform_key)?),
        Call::Claims(_) => Answer::Claims(read(answer)?),
        Call::Lease(_) => Answer::Grant(open(answer, Purpose::Grant, platform_key)?),
        Call::Close(_) => Answer::Closed(read(answer)?),
    })
}

fn read<T: DeserializeOwned>(answer: &WireAnswer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|_| Failure::NotPlatform)
}

fn open<T: DeserializeOwned>(
    answer: &WireAnswer,
    purpose: Purpose,
    platform_key: Option<[u8; 32]>,
) -> Result<T, Failure> {
    let signed: Signed = read(answer)?;
    let pinned = platform_key.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let key = pinned.ok_or(Failure::NotBelieved)?;
    signed.open(purpose, &key).map_err(|_| Failure::NotBelieved)
}

fn refusal(answer: &WireAnswer) -> Failure {
    let header_ms = answer.retry_after.as_deref().and_then(retry_after_ms);
    let problem = serde_json::from_slice::<Problem>(&answer.body).ok();
    if answer.status >= 500 {
        return Failure::Unavailable { retry_after_ms: header_ms };
    }
    if answer.status == 429 {
        let told_s = problem.and_then(|problem| problem.fields.get("retry_after_s")?.as_i64());
        let told_ms = told_s.map(|seconds| seconds.saturating_mul(1_000));
        return Failure::RateLimited { retry_after_ms: header_ms.max(told_ms) };
    }
    match problem {
        Some(problem) if answer.status >= 400 => by_code(problem),
        Some(_) | None => Failure::NotPlatform,
    }
}

fn by_code(problem: Problem) -> Failure {
    match problem.code.as_str() {
        code::CLOCK_SKEW => match problem.fields.get("now").and_then(serde_json::Value::as_i64) {
            Some(now) => Failure::ClockSkew { now: UtcMillis::new(now) },
            None => Failure::NotPlatform,
        },
        code::DEVICE_REFUSED => Failure::DeviceRefused,
        code::EPOCH_ENDED => Failure::EpochEnded,
        _ => Failure::Refused { code: problem.code },
    }
}

/// Seconds only: the other form of the header, a date, would be read with the clock that may be wrong.
fn retry_after_ms(header: &str) -> Option<i64> {
    let seconds: i64 = header.trim().parse().ok()?;
    (seconds >= 0).then(|| seconds.saturating_mul(1_000))
}
