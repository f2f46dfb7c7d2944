//! What happens to the kiosk. Every event is plain data; none of them is a command to draw something.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloud_sync::core::{Link, PairingNeeded};
use cloud_sync::ports::Anchor;
use cloud_sync::store::{Catalogue, ClaimRefused, ClaimedVoucher, Settled, Usage};
use domain::ids::BatchId;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time has passed; see [`super::next_deadline`].
    Tick,
    /// A finger came down, anywhere.
    Touched,
    /// A control was used.
    Tapped(Tap),
    /// The camera read this code.
    CodeSeen(ScannedBytes),
    /// The answer to [`super::Effect::OpenSession`].
    SessionOpened {
        /// The session it was asked for.
        token: u64,
        /// What the person holds, or why there is no session.
        outcome: Result<Holdings, OpeningFailed>,
    },
    /// The answer to [`super::Effect::Claim`].
    ClaimAnswered {
        /// The session it was asked for.
        token: u64,
        /// The batch that was asked for.
        batch: BatchId,
        /// What is on disk now, or why nothing is.
        outcome: Result<Box<ClaimDone>, ClaimFailed>,
    },
    /// The answer to [`super::Effect::CountStock`].
    StockCounted(BTreeMap<BatchId, u32>),
    /// The store holds another content.
    CatalogueChanged(Arc<Catalogue>),
    /// Slots came or went.
    StockChanged,
    /// Whether a platform stands behind this kiosk.
    Enrolled(Result<(), PairingNeeded>),
    /// A pairing code was not accepted.
    PairingFailed {
        /// The platform's code, or the class of the failure.
        code: String,
    },
    /// Whether the platform answers.
    LinkChanged(Link),
    /// What time the platform has.
    TimeChanged {
        /// Where the monotonic clock stands in it.
        anchor: Anchor,
        /// It may be issued by.
        trusted: bool,
    },
    /// The platform's word on a claim.
    ClaimSettled(Settled),
    /// The camera gives frames, or gives none any more.
    CameraChanged {
        /// Frames come.
        works: bool,
    },
}

/// A control that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// 触摸开始
    Start,
    /// 返回
    Back,
    /// 先逛逛
    Browse,
    /// A card.
    Open(BatchId),
    /// 上一页
    PreviousPage,
    /// 下一页
    NextPage,
    /// What an empty list offers instead.
    EmptyAction,
    /// 领取
    Claim,
    /// 结束, 完成
    End,
    /// 继续看券
    More,
    /// The main answer to a refusal.
    RefusedPrimary,
    /// The other answer to a refusal.
    RefusedSecondary,
    /// 继续
    Stay,
    /// 重试
    Retry,
}

/// Bytes of a code, as read. Their `Debug` hides them, because codes name people and pay bills.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedBytes(pub Vec<u8>);

impl std::fmt::Debug for ScannedBytes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} scanned bytes", self.0.len())
    }
}

/// What the store says of a person and of this kiosk's stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Coupons the person claimed here, by batch.
    pub usage: BTreeMap<BatchId, Usage>,
    /// Slots left, by batch.
    pub stock: BTreeMap<BatchId, u32>,
}

/// A claim that is on disk.
#[derive(Clone, Debug)]
pub struct ClaimDone {
    /// The voucher.
    pub voucher: ClaimedVoucher,
    /// What the person holds now.
    pub holdings: Holdings,
}

/// Why no session was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningFailed {
    /// The code opened a session before.
    Replayed,
    /// The store failed: the code could not be burned.
    Store,
}

/// Why there is no coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFailed {
    /// A reason the person can be told.
    Refused(ClaimRefused),
    /// The store failed: nothing was kept.
    Store,
}
