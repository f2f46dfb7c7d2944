//! One type per id, so that a coupon is never taken for a merchant.
//!
//! An id is 128 bits and ordered by time (UUID version 7). It is built from a time and chance that the caller brings.

use crate::time::UtcMillis;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text given is no id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an id")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: `at` orders it, `chance` makes it unique.
            pub fn new(at: UtcMillis, chance: &[u8; 10]) -> $name {
                let millis = u64::try_from(at.get()).unwrap_or(0);
                $name(uuid::Builder::from_unix_timestamp_millis(millis, chance).into_uuid())
            }

            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> $name {
                $name(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the id.
            pub const fn to_bytes(self) -> [u8; 16] {
                *self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<$name, IdError> {
                Uuid::try_parse(text).map($name).map_err(|_| IdError)
            }
        }
    )+};
}

ids! {
    /// A person registered as a consumer.
    ConsumerId,
    /// A merchant of the city.
    MerchantId,
    /// One shop of a merchant.
    StoreId,
    /// A member of staff: of a merchant, the operator or the government.
    StaffId,
    /// A mall that holds stores and kiosks.
    MallId,
    /// A government fund.
    FundId,
    /// A campaign (活动) that spends a fund.
    CampaignId,
    /// A batch of equal coupons.
    BatchId,
    /// One coupon in a wallet.
    CouponId,
    /// A block of a batch's stock lent to a kiosk.
    LeaseId,
    /// A kiosk.
    DeviceId,
    /// One redemption (核销).
    RedemptionId,
    /// One transaction of the ledger.
    LedgerTxId,
    /// One event a kiosk reports.
    EventId,
}

/// An opaque number that stands for a tag (人群标签). Only the platform knows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagId(u32);

impl TagId {
    /// Wraps the number.
    pub const fn new(id: u32) -> TagId {
        TagId(id)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A city by its administrative division code (GB/T 2260), for example 330200 for Ningbo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CityCode(u32);

impl CityCode {
    /// Wraps the division code.
    pub const fn new(code: u32) -> CityCode {
        CityCode(code)
    }

    /// The division code.
    pub const fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = CouponId::new(UtcMillis::new(1_000), &[255; 10]);
        let late = CouponId::new(UtcMillis::new(1_001), &[0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = BatchId::new(UtcMillis::new(1_700_000_000_000), &[7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("not-an-id".parse::<BatchId>(), Err(IdError));
    }
}
