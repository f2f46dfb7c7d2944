//! What a coupon, a preview and a redemption are.

use crate::{
    foundation::db::DbError,
    modules::{
        campaigns::{BatchContent, CampaignError, StockError},
        consumers::{ConsumersError, ScanError},
        leases::{LeaseError, VoucherRefused},
        ledger::LedgerError,
        merchants::MerchantError,
    },
};
use domain::{
    coupon::CouponState,
    eligibility::Refusal,
    ids::{BatchId, ConsumerId, CouponId, DeviceId, LeaseId, MerchantId, RedemptionId, StaffId, StoreId},
    money::Fen,
    pricing::FunderShare,
    time::UtcMillis,
};

/// One coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// Whose it is.
    pub owner: ConsumerId,
    /// What it is one of.
    pub batch: BatchId,
    /// The version of the terms it was issued under, for life.
    pub version: u32,
    /// Where it stands.
    pub state: CouponState,
    /// When it was claimed, by the kiosk's clock.
    pub claimed_at: UtcMillis,
    /// First instant it can no longer be used.
    pub ends_at: UtcMillis,
    /// The slot it came from; `None` if no kiosk issued it.
    pub origin: Option<Origin>,
    /// Why somebody should look at it, for example `CLOCK_SKEW`.
    pub suspect: Option<String>,
}

/// The kiosk, the lease and the slot a coupon came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Origin {
    pub device: DeviceId,
    pub lease: LeaseId,
    pub slot: u32,
}

/// A voucher's text, when it was seen first, and where: `kiosk:<id>` in a report, `store:<id>` at a till.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct SeenVoucher {
    pub voucher: String,
    pub at: UtcMillis,
    pub place: String,
}

/// Two vouchers for one slot: one disk lived in two kiosks, or went back in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The kiosk whose key signed both.
    pub device: DeviceId,
    /// The lease of the slot.
    pub lease: LeaseId,
    /// The slot.
    pub slot: u32,
    /// The voucher that was seen first.
    pub first: SeenVoucher,
    /// One that was seen later.
    pub other: SeenVoucher,
}

/// A coupon with what its ticket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponView {
    /// The coupon. A coupon past its end reads as expired, whether or not the nightly job has been.
    pub coupon: Coupon,
    /// What its version says.
    pub content: BatchContent,
    /// The merchant, for a coupon of one merchant.
    pub merchant_name: Option<String>,
    /// Names and places of the stores it is limited to; empty means every store of its merchant or mall.
    pub stores: Vec<(String, String)>,
    /// Why its batch was recalled; `None` when it was not.
    pub recalled: Option<String>,
    /// When it was redeemed, and the name of the store.
    pub redeemed: Option<(UtcMillis, String)>,
}

/// What the phone shows to a cashier: the same right in two forms.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownCode {
    /// `CX1:…`, to be drawn as a QR code.
    pub code: String,
    /// Ten digits, to be typed.
    pub pin: String,
    /// When both die.
    pub expires_at: UtcMillis,
}

/// What a cashier read or typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// A redeem code (`CX1:`), a voucher (`CV1:`) or ten digits.
    pub code: String,
    /// With a voucher: the holder's own consumer code, fresh from the phone.
    pub holder_code: Option<String>,
    /// Where the cashier stands.
    pub store: StoreId,
    /// The bill before the discount.
    pub bill_fen: Fen,
}

/// What a redemption would do, or has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What the coupon is called.
    pub title: String,
    /// When it ends.
    pub ends_at: UtcMillis,
    /// The bill.
    pub bill_fen: Fen,
    /// What is taken off.
    pub discount_fen: Fen,
    /// What the customer pays at the till.
    pub pay_fen: Fen,
    /// Who pays the discount; the parts add up to it.
    pub shares: Vec<FunderShare>,
    /// What the platform keeps of the funded part.
    pub commission_fen: Fen,
}

/// A coupon used up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Preview` and `Presented`")]
pub struct Redemption {
    pub id: RedemptionId,
    pub coupon: CouponId,
    pub merchant: MerchantId,
    pub store: StoreId,
    pub store_name: String,
    pub cashier: StaffId,
    pub cashier_name: String,
    pub title: String,
    pub at: UtcMillis,
    pub bill_fen: Fen,
    pub discount_fen: Fen,
    pub commission_fen: Fen,
    pub shares: Vec<FunderShare>,
}

impl Redemption {
    /// What the customer paid at the till.
    pub fn pay_fen(&self) -> Fen {
        Fen::new(self.bill_fen.get().saturating_sub(self.discount_fen.get()))
    }
}

/// Which redemptions are asked for, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionQuery {
    /// Whose.
    pub merchant: MerchantId,
    /// Only this store.
    pub store: Option<StoreId>,
    /// Not before.
    pub from: UtcMillis,
    /// Only ids before this one; `None` for the newest.
    pub before: Option<String>,
    /// Rows at most.
    pub limit: u32,
}

/// What a day comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Redemptions.
    pub count: u32,
    /// Their bills.
    pub bill_fen: Fen,
    /// Their discounts.
    pub discount_fen: Fen,
}

/// Why something about coupons is refused.
#[derive(Debug, thiserror::Error)]
pub enum CouponError {
    /// A field breaks its limits.
    #[error("the field {0} breaks its limits")]
    Field(&'static str),
    /// No such coupon, or not this person's.
    #[error("there is no such coupon")]
    Unknown,
    /// The digits are wrong, used or too old.
    #[error("the digits are not valid, or not any more")]
    PinRefused,
    /// A voucher without its holder's own code.
    #[error("the holder's own code is needed with a voucher")]
    HolderCodeRequired,
    /// The voucher belongs to somebody else.
    #[error("the voucher belongs to another person")]
    OtherHolder,
    /// The slot went back to stock: the voucher's printed end has passed.
    #[error("the voucher has ended")]
    VoucherEnded,
    /// The slot is a coupon of somebody else: two kiosks issued one slot.
    #[error("the slot was issued twice")]
    SlotTaken,
    /// The coupon has been used.
    #[error("the coupon has been redeemed")]
    AlreadyRedeemed(Box<Redemption>),
    /// Its batch was recalled, for this reason.
    #[error("the batch was recalled")]
    Recalled(String),
    /// Taken back, or held by an order.
    #[error("a coupon that is {0} cannot be redeemed")]
    State(&'static str),
    /// Not valid at this store.
    #[error("the coupon does not hold at this store")]
    OtherStore,
    /// The rules refuse.
    #[error("the coupon cannot be used")]
    Refused(Refusal),
    /// The campaign has no money left for the government's part.
    #[error("the campaign cannot pay its part")]
    BudgetExhausted,
    /// The till is refused.
    #[error("the till is refused")]
    Till(#[from] MerchantError),
    /// The scanned code is refused.
    #[error("the code is refused")]
    Scan(#[from] ScanError),
    /// The voucher is refused.
    #[error("the voucher is refused")]
    Voucher(#[from] VoucherRefused),
    /// The consumer is refused.
    #[error("the consumer is refused")]
    Consumers(#[from] ConsumersError),
    /// The lease is refused.
    #[error("the lease is refused")]
    Lease(#[from] LeaseError),
    /// The campaign is refused.
    #[error("the campaign is refused")]
    Campaign(#[from] CampaignError),
    /// The stock is refused.
    #[error("the stock is refused")]
    Stock(#[from] StockError),
    /// The ledger is refused.
    #[error("the ledger is refused")]
    Ledger(#[from] LedgerError),
    /// Not recorded.
    #[error("not recorded")]
    Database(#[from] DbError),
    /// An event could not be written as JSON.
    #[error("an event could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
