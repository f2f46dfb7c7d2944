//! Wallets, reports and redemptions.

#[path = "coupons/redeem.rs"]
mod redeem;
#[path = "coupons/report.rs"]
mod report;
#[path = "coupons/voucher.rs"]
mod voucher;
#[path = "coupons/wallet.rs"]
mod wallet;
