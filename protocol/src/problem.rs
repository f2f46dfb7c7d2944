//! Errors on the wire: problem details (RFC 9457) with a stable code.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Media type of a problem.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// A refused request. People read `title` and `detail`, programs read `code` and the further fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A name for the kind of problem; `about:blank` when the code says it all.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// One short sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code, for example `ALREADY_REDEEMED`.
    pub code: String,
    /// What exactly happened; may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Leads to the platform's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Machine fields of the code, for example `shortfall_fen`.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

impl Problem {
    /// A problem with a code and a title, to be filled further.
    pub fn new(status: u16, code: &str, title: &str) -> Problem {
        Problem {
            kind: about_blank(),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: None,
            request_id: None,
            fields: Map::new(),
        }
    }

    /// The same problem with a machine field.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The same problem with a detail for people.
    pub fn because(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }
}

/// Codes a kiosk acts on by itself; all others it only reports.
pub mod code {
    /// The request's time is too far from the platform's; `now` tells the right one.
    pub const CLOCK_SKEW: &str = "CLOCK_SKEW";
    /// The device is unknown, revoked, or its signature does not fit: pair again.
    pub const DEVICE_REFUSED: &str = "DEVICE_REFUSED";
    /// The pairing code is wrong, used or too old.
    pub const PAIRING_REFUSED: &str = "PAIRING_REFUSED";
    /// The epoch is not the device's own any more.
    pub const EPOCH_ENDED: &str = "EPOCH_ENDED";
    /// The request is older than one served before; `challenge` says what was noticed, signed.
    pub const COUNTER_BEHIND: &str = "COUNTER_BEHIND";
    /// The device has confessed to being a copy of an older disk, or another copy has: pair again.
    pub const DEVICE_FENCED: &str = "DEVICE_FENCED";
    /// Nothing of the batch is left to lend.
    pub const BATCH_EXHAUSTED: &str = "BATCH_EXHAUSTED";
    /// The batch is paused or over.
    pub const BATCH_NOT_ACTIVE: &str = "BATCH_NOT_ACTIVE";
    /// Too many requests; `retry_after_s` says how long to wait.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_fields_stand_beside_the_others() {
        let problem = Problem::new(409, "THRESHOLD_NOT_MET", "还差一点").with("shortfall_fen", 500);
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["shortfall_fen"], 500);
        assert_eq!(json["type"], "about:blank");
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }
}
