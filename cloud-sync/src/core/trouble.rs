//! Why a request has no answer to act on, as far as the next try depends on it: what it stops, and how long it waits.
//!
//! The table of docs/OFFLINE.md. The longest waits of what comes and goes with a network are short enough that claims
//! arrive within a minute and stock is here within a minute and a half of its return.

use crate::{
    backoff::{Setback, Waits},
    transport::TransportError,
    wire::Failure,
};

/// A class of failures that are waited for alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No connection, or it broke.
    NoConnection,
    /// No whole answer in time.
    Timeout,
    /// The certificate or the address is wrong: that lasts.
    NotSecure,
    /// A captive portal, a redirect, half an answer.
    Stranger,
    /// 502 to 504: nobody can answer now.
    Unavailable,
    /// Any other 5xx: this request breaks something.
    Broken,
    /// 429.
    TooOften,
    /// Not signed by the pinned key, or for another request.
    NotBelieved,
    /// A 4xx that the same request would get again.
    Refused,
}

impl Trouble {
    pub(super) fn of(failure: &Failure) -> Trouble {
        match failure {
            Failure::Transport(error) => Trouble::of_transport(*error),
            // One that asking for the time does not clear up.
            Failure::NotPlatform | Failure::ClockSkew { .. } => Trouble::Stranger,
            Failure::Unavailable { .. } => Trouble::Unavailable,
            Failure::Broken { .. } => Trouble::Broken,
            Failure::RateLimited { .. } => Trouble::TooOften,
            Failure::NotBelieved => Trouble::NotBelieved,
            Failure::DeviceRefused
            | Failure::EpochEnded
            | Failure::CounterBehind { .. }
            | Failure::Fenced
            | Failure::Refused { .. } => Trouble::Refused,
        }
    }

    const fn of_transport(error: TransportError) -> Trouble {
        match error {
            TransportError::Unreachable => Trouble::NoConnection,
            TransportError::Timeout => Trouble::Timeout,
            TransportError::UnknownAuthority
            | TransportError::WrongHost
            | TransportError::NotValidToday
            | TransportError::NotSecure
            | TransportError::PlainHttp
            | TransportError::BadRequest => Trouble::NotSecure,
            TransportError::TooLong => Trouble::Stranger,
        }
    }

    /// True if it says that nobody answers at all; otherwise only requests of this kind wait.
    pub(super) const fn stops_all(self) -> bool {
        match self {
            Trouble::NoConnection
            | Trouble::Timeout
            | Trouble::NotSecure
            | Trouble::Stranger
            | Trouble::Unavailable => true,
            Trouble::Broken | Trouble::TooOften | Trouble::NotBelieved | Trouble::Refused => false,
        }
    }

    pub(super) const fn waits(self) -> Waits {
        let (first_ms, longest_ms) = match self {
            Trouble::NoConnection => (1_000, 30_000),
            Trouble::Timeout | Trouble::Stranger | Trouble::Unavailable | Trouble::NotBelieved => {
                (2_000, 30_000)
            }
            Trouble::NotSecure => (5_000, 30_000),
            Trouble::Broken => (2_000, 30_000),
            Trouble::TooOften => (5_000, 30_000),
            Trouble::Refused => (10_000, 300_000),
        };
        Waits { first_ms, longest_ms }
    }
}

/// What a failure puts in the way of the next try.
pub(super) fn setback(failure: &Failure) -> Setback {
    Setback { waits: Trouble::of(failure).waits(), retry_after_ms: failure.retry_after_ms() }
}
