//! Sets of people inside the feed, by their pseudonyms of one day: who is turned away, whose tags are not used, and to
//! whom a campaign is not shown; and the passes of offline phones that were taken back. None of them can be listed.

use crate::base64_bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    consumer_code::Pseudonym, ids::CampaignId, person_filter::PersonFilter, rotating_code::Link,
    time::ShanghaiDay,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// People a kiosk must treat otherwise on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenyRow {
    /// The day of the codes it is about.
    pub day: ShanghaiDay,
    /// Whose codes are refused: the platform has blocked them. Somebody else one time in four million.
    #[serde(with = "filter")]
    pub blocked: PersonFilter,
    /// Whose tags are not used: they took their consent back, and an older code still carries them (`I40`).
    #[serde(with = "filter")]
    pub withdrawn: PersonFilter,
    /// Passes whose codes are refused, by their anchors: they were taken back while a phone without a network may still
    /// show codes made from them. Absent from an older platform. Another pass one time in four million.
    #[serde(with = "filter", default = "PersonFilter::nobody")]
    pub passes: PersonFilter,
}

impl DenyRow {
    /// An anchor as the filter has it: its 16 bytes stand where a pseudonym's would.
    #[must_use]
    pub const fn pass(anchor: Link) -> Pseudonym {
        Pseudonym::from_bytes(anchor)
    }

    /// Its id in the feed.
    pub fn row_id(day: ShanghaiDay) -> String {
        day.get().to_string()
    }
}

/// People a campaign is not shown to, so that its effect can be measured (`I46`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldOutRow {
    /// The campaign.
    pub campaign: CampaignId,
    /// The day of the codes it is about.
    pub day: ShanghaiDay,
    /// Who; somebody else three times in a thousand.
    #[serde(with = "filter")]
    pub held_out: PersonFilter,
}

impl HoldOutRow {
    /// Its id in the feed.
    pub fn row_id(campaign: CampaignId, day: ShanghaiDay) -> String {
        format!("{campaign}/{}", day.get())
    }
}

mod filter {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Parts {
        #[serde(with = "base64_bytes")]
        salt: [u8; 16],
        hashes: u8,
        bits: String,
    }

    pub(super) fn serialize<S: Serializer>(filter: &PersonFilter, serializer: S) -> Result<S::Ok, S::Error> {
        let parts =
            Parts { salt: filter.salt(), hashes: filter.hashes(), bits: STANDARD.encode(filter.bits()) };
        parts.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PersonFilter, D::Error> {
        let parts = Parts::deserialize(deserializer)?;
        let bits = STANDARD.decode(parts.bits).map_err(D::Error::custom)?;
        PersonFilter::from_parts(parts.salt, parts.hashes, bits).map_err(D::Error::custom)
    }
}
