//! A lease, its slots, and what a voucher turns out to stand for.

use crate::modules::campaigns::Counted;
use domain::{
    ids::{BatchId, DeviceId, LeaseId},
    time::UtcMillis,
    voucher::Voucher,
};

/// A lease as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) id: LeaseId,
    pub(super) device: DeviceId,
    pub(super) epoch: u32,
    pub(super) batch: BatchId,
    pub(super) version: u32,
    pub(super) slots: u32,
    pub(super) device_key: [u8; 32],
    pub(super) granted_at: UtcMillis,
    pub(super) valid_from: UtcMillis,
    pub(super) expires_at: UtcMillis,
    pub(super) reclaim_at: UtcMillis,
    /// The quotas its slots count against.
    pub(super) counted: Counted,
    pub(super) closed_from: Option<u32>,
    pub(super) reclaimed: bool,
}

/// Where one slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Nobody has spoken for it yet.
    Open,
    /// Reported by the kiosk: a coupon in a wallet.
    Reported,
    /// Redeemed, with or without a report before.
    Redeemed,
    /// Back in stock: a voucher for it can no longer be honoured.
    Returned,
}

/// A believed voucher and the slot it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotClaim {
    /// What the kiosk promised.
    pub voucher: Voucher,
    /// The kiosk that promised it.
    pub device: DeviceId,
    /// In which of its lives.
    pub epoch: u32,
    /// Version of the batch's terms the lease was granted under.
    pub version: u32,
    /// Where the slot stands.
    pub state: SlotState,
    /// The quotas it counts against.
    pub counted: Counted,
    /// When its kiosk may have issued it, by the platform's clock: half-open.
    pub issued_within: (UtcMillis, UtcMillis),
}

/// Why a voucher is not believed.
#[derive(Debug, thiserror::Error)]
pub enum VoucherRefused {
    /// It is not well formed, or the device did not sign it.
    #[error("the voucher is not genuine")]
    NotGenuine(#[from] domain::consumer_code::CodeError),
    /// There is no such lease, or the voucher does not fit it.
    #[error("the voucher does not fit its lease")]
    NoSuchSlot,
    /// The lease could not be read.
    #[error("the lease could not be read")]
    Database(#[from] crate::foundation::db::DbError),
}
