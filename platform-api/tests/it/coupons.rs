//! Wallets, reports and redemptions.

#[path = "coupons/conflicts.rs"]
mod conflicts;
#[path = "coupons/promises.rs"]
mod promises;
#[path = "coupons/redeem.rs"]
mod redeem;
#[path = "coupons/report.rs"]
mod report;
#[path = "coupons/till_page.rs"]
mod till_page;
#[path = "coupons/voucher.rs"]
mod voucher;
#[path = "coupons/wallet.rs"]
mod wallet;
