//! The shoppers of the story: a phone each, and what it shows.

use super::{
    city::{City, Consumer},
    platform::{Caller, Platform},
    report::{Broken, must},
};
use serde::Deserialize;

/// Somebody with a phone that is signed in.
#[derive(Clone, Debug)]
pub struct Shopper {
    /// What the plan calls the person.
    pub key: String,
    caller: Caller,
}

/// A coupon in a wallet.
#[derive(Clone, Debug, Deserialize)]
pub struct Coupon {
    /// Its id.
    pub id: String,
    /// The batch it is of.
    pub batch: String,
    /// `issued`, `redeemed`, …
    pub state: String,
    /// What it is called.
    pub title: String,
}

/// What a phone shows to a cashier.
#[derive(Clone, Debug, Deserialize)]
pub struct RedeemCode {
    /// To be scanned.
    pub code: String,
    /// To be typed.
    pub pin: String,
}

#[derive(Deserialize)]
struct Code {
    text: String,
}

impl Shopper {
    /// Signs the person that the plan calls `key` in.
    pub async fn sign_in(platform: &Platform, city: &City, key: &str) -> Result<Shopper, Broken> {
        let Consumer { phone, .. } = city.consumer(key)?;
        Ok(Shopper { key: key.to_owned(), caller: platform.sign_in_phone(phone).await? })
    }

    /// Somebody who has signed in already.
    pub fn new(key: &str, caller: Caller) -> Shopper {
        Shopper { key: key.to_owned(), caller }
    }

    /// The consumer code the phone shows now.
    pub async fn code(&self, platform: &Platform) -> Result<String, Broken> {
        let Code { text } = platform.get("/api/c/v1/crowd-code", Some(&self.caller)).await?;
        Ok(text)
    }

    /// Everything in the person's wallet.
    pub async fn wallet(&self, platform: &Platform) -> Result<Vec<Coupon>, Broken> {
        platform.get("/api/c/v1/wallet", Some(&self.caller)).await
    }

    /// The one coupon of `batch` in the person's wallet; none, or two, is a broken step.
    pub async fn one_coupon(&self, platform: &Platform, batch: &str) -> Result<Coupon, Broken> {
        let wallet = self.wallet(platform).await?;
        let mut of_batch: Vec<Coupon> = wallet.into_iter().filter(|coupon| coupon.batch == batch).collect();
        must(of_batch.len() == 1, || format!("{} holds {} coupons of the batch", self.key, of_batch.len()))?;
        Ok(of_batch.remove(0))
    }

    /// A fresh redeem code for a coupon.
    pub async fn redeem_code(&self, platform: &Platform, coupon: &str) -> Result<RedeemCode, Broken> {
        platform.post(&format!("/api/c/v1/coupons/{coupon}/code"), &self.caller, &()).await
    }
}
