//! The control socket of a simulated kiosk: what a story may ask of it, and what it answers.
//!
//! One JSON object a line in each direction, over a loopback connection. The socket belongs to the simulator; a shipped
//! kiosk has nothing like it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Something asked of the kiosk. Each is answered by exactly one [`Answer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Pair with a platform, as a technician would; answered when the kiosk is enrolled and has read the feed.
    Pair {
        /// The platform's address.
        platform: String,
        /// The pairing code.
        code: String,
    },
    /// Hold a phone with this code before the camera.
    ShowCode {
        /// What the code says.
        text: String,
    },
    /// Hold a picture before the camera.
    ShowPicture {
        /// A PNG or JPEG file.
        file: PathBuf,
    },
    /// Take away what is held before the camera.
    Clear,
    /// Cut or restore the kiosk's network.
    Network {
        /// False cuts it.
        up: bool,
    },
    /// Put the kiosk's clock this far ahead of the machine's.
    Clock {
        /// Milliseconds; negative is behind.
        offset_ms: i64,
    },
    /// Tap the button with this label.
    Tap {
        /// Its accessible label, whole; a countdown at its end may be left out.
        label: String,
    },
    /// Wait until the kiosk is as described.
    Wait {
        /// What to wait for.
        until: Until,
        /// When to give up.
        limit_ms: u64,
    },
    /// Draw the screen into a PNG file.
    Picture {
        /// Where to.
        file: PathBuf,
    },
    /// Tell how the kiosk is.
    Status,
    /// Stop in an orderly way.
    Stop,
}

/// What can be waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// This screen is shown and painted.
    Screen(String),
    /// Some text of the screen contains this.
    Text(String),
    /// At least this many offers are cached.
    Offers(u32),
    /// A lease of at least one slot is held for every active batch.
    Leases,
    /// Nothing waits in the outbox.
    Delivered,
    /// The kiosk belongs to a platform.
    Enrolled,
    /// The platform answers.
    Online,
}

/// How a simulated kiosk is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The screen shown: `attract`, `scan`, `offers`, `offer_detail`, `claimed`, `refused`, `still_there`,
    /// `maintenance`.
    pub screen: String,
    /// Every text on it, top to bottom.
    pub texts: Vec<String>,
    /// The labels of its enabled buttons.
    pub buttons: Vec<String>,
    /// It is enrolled.
    pub enrolled: bool,
    /// The platform was reached at the last try.
    pub online: bool,
    /// Offers in the cache.
    pub offers: u32,
    /// Slots left in open leases.
    pub lease_slots: u32,
    /// Claims not yet acknowledged.
    pub outbox_rows: u64,
    /// Codes that opened a session and might still be shown again.
    pub sessions: u64,
}

/// What the kiosk answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done; this is how it is now.
    Done(Box<Status>),
    /// Not done, and why.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_readable_lines() {
        let line = r#"{"do":"wait","until":{"screen":"offers"},"limit_ms":5000}"#;
        let request: Request = serde_json::from_str(line).unwrap();
        assert_eq!(request, Request::Wait { until: Until::Screen("offers".into()), limit_ms: 5000 });
        assert_eq!(serde_json::to_string(&request).unwrap(), line);
    }
}
