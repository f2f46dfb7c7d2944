//! Who and what there is in a world: malls with tills, batches with stock, shoppers with phones, operators.
//!
//! Everything is set up by the platform's own services, so the books begin right.

use super::{
    FleetError,
    city::{City, START},
};
use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    ids::{BatchId, CampaignId, ConsumerId, MallId, MerchantId, StoreId},
    money::{BasisPoints, Fen},
    pricing::{Benefit, Funder, Party},
    quota::Quota,
    segment::Predicate,
    time::UtcMillis,
};
use platform_api::{
    foundation::act::{Actor, Role, Staff},
    modules::{
        auth::{self, Holder, NewStaff, PasswordHash},
        campaigns::{self, BatchContent, BatchMove, Decision, NewBatch, NewCampaign},
        consumers::{self, Keys, Seeded},
        funds::{self, FundMode, NewFund},
        merchants::{self, NewMall, NewMerchant, NewStore, NewTillStaff},
    },
};
use std::sync::OnceLock;

const SETUP: Actor = Actor::System("simulator");
const DAY_MS: i64 = 86_400_000;
/// Sessions of people and staff outlive every run.
const SESSION_S: u32 = 100_000_000;
/// What each bill is, far past the threshold of every batch.
pub const BILL_FEN: i64 = 12_800;
/// Coupons of a batch one person may have in all, and a day.
pub const PERSON_TOTAL: u32 = 3;
/// See [`PERSON_TOTAL`].
pub const PERSON_DAY: u32 = 2;
/// Days a coupon holds: past every R, so that a voucher never outlives its coupon.
const VALID_DAYS: u16 = 3;

/// Shoppers for each kiosk: few, so that limits are reached.
const SHOPPERS_A_KIOSK: usize = 14;

/// Malls of a world.
pub const MALLS: usize = 2;
/// Merchants, each with a store, a till and a batch, of a mall.
const MERCHANTS: usize = 3;

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Kiosks.
    pub kiosks: usize,
    /// Days with faults.
    pub days: i64,
}

/// A store where coupons are redeemed, and the session of its cashier.
pub struct Till {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The store.
    pub store: StoreId,
    /// The cashier's session.
    pub token: String,
}

/// A batch and where it holds.
pub struct BatchPlan {
    /// Its id.
    pub id: BatchId,
    /// The mall whose kiosks offer it.
    pub mall: usize,
    /// The till it holds at; `None` for all of the mall.
    pub till: Option<usize>,
}

/// Somebody with a phone.
pub struct Shopper {
    /// The account.
    pub id: ConsumerId,
    /// The phone's session.
    pub token: String,
}

/// The world's people and things.
pub struct Town {
    /// Malls.
    pub malls: Vec<MallId>,
    /// Tills.
    pub tills: Vec<Till>,
    /// The budget all batches are paid from.
    pub campaign: CampaignId,
    /// Batches.
    pub batches: Vec<BatchPlan>,
    /// Shoppers.
    pub shoppers: Vec<Shopper>,
    /// The session of somebody who pauses and resumes batches.
    pub approver: String,
    /// Somebody who drafts versions of batches, and somebody who approves them.
    pub campaigners: (Staff, Staff),
    /// The session of somebody who runs kiosks.
    pub fleet: String,
    /// The session of somebody who suspends merchants.
    pub operator: String,
}

impl Town {
    /// Builds the town of a world.
    pub fn build(city: &City, size: Size) -> Result<Town, FleetError> {
        let mut malls = Vec::new();
        let mut tills = Vec::new();
        for mall in 0..MALLS {
            let new = NewMall {
                name: format!("{}号商场", mall + 1),
                hotline: "0574-87000000".to_owned(),
                service_desk: "一层服务台".to_owned(),
            };
            malls.push(city.write(SETUP, move |tx, act| merchants::create_mall(tx, act, &new))?.id);
            for shop in 0..MERCHANTS {
                tills.push(open_till(city, (mall, malls[mall]), shop)?);
            }
        }
        let budget = member(city, Role::GovBudgetOwner, "budget", None)?;
        let campaign = found_campaign(city, budget.0)?;
        let editor = member(city, Role::OpCampaignEditor, "editor", None)?;
        let approver = member(city, Role::OpCampaignApprover, "approver", None)?;
        let mut town = Town {
            malls,
            tills,
            campaign,
            batches: Vec::new(),
            shoppers: register(city, size.kiosks)?,
            approver: approver.1,
            campaigners: (editor.0, approver.0),
            fleet: member(city, Role::OpFleet, "fleet", None)?.1,
            operator: member(city, Role::OpSuper, "super", None)?.1,
        };
        for mall in 0..MALLS {
            for till in (0..MERCHANTS).map(Some).chain([None]) {
                let till = till.map(|shop| mall * MERCHANTS + shop);
                let stock = stock_of(size, town.batches.len());
                let plan = (mall, till, stock);
                let id = open_batch(city, &town, (editor.0, approver.0), plan)?;
                town.batches.push(BatchPlan { id, mall, till });
            }
        }
        Ok(town)
    }

    /// A till where a batch holds; `pick` chooses when it is any of the mall.
    pub fn till_for(&self, batch: usize, pick: usize) -> Option<usize> {
        let plan = self.batches.get(batch)?;
        Some(plan.till.unwrap_or(plan.mall * MERCHANTS + pick % MERCHANTS))
    }

    /// Brings a version of a batch into force that gives at most `per_day` coupons a day.
    pub fn set_quota(&self, city: &City, batch: usize, per_day: Option<u32>) -> Result<(), FleetError> {
        let (id, content) = (self.batches[batch].id, content(per_day)?);
        let (editor, approver) = self.campaigners;
        let version = city.write(Actor::Staff(editor), move |tx, act| {
            let version = campaigns::draft_version(tx, act, id, &content)?.version;
            campaigns::submit(tx, act, (id, version)).map(|_| version)
        })?;
        city.write(Actor::Staff(approver), move |tx, act| {
            campaigns::decide(tx, act, (id, version), (Decision::Approve, "")).map(drop)
        })
    }

    /// The place of a batch in the list.
    pub fn batch(&self, id: BatchId) -> Option<usize> {
        self.batches.iter().position(|plan| plan.id == id)
    }
}

/// Every third batch is scarce: it runs out, and kiosks fight for what comes back.
fn stock_of(size: Size, number: usize) -> u32 {
    let kiosks = u32::try_from(size.kiosks.div_ceil(MALLS)).unwrap_or(1).max(1);
    let days = u32::try_from(size.days).unwrap_or(1).max(1);
    if number % 3 == 2 { kiosks * (12 + 4 * days) } else { kiosks * (60 + 20 * days) }
}

fn open_till(city: &City, (mall, mall_id): (usize, MallId), shop: usize) -> Result<Till, FleetError> {
    let number = mall * MERCHANTS + shop + 1;
    let new =
        NewMerchant { name: format!("{number}号面馆"), licence_no: format!("91330200MA{number:08}") };
    let merchant = city.write(SETUP, move |tx, act| {
        let id = merchants::create_merchant(tx, act, &new)?.id;
        let rate = BasisPoints::new(200).ok_or(merchants::MerchantError::Field("rate"))?;
        merchants::set_commission(tx, act, id, (rate, act.now)).map(|()| id)
    })?;
    let new = NewStore {
        merchant,
        mall: mall_id,
        name: format!("{number}号店"),
        floor: "B1".to_owned(),
        place: format!("B1-{number:02}"),
        category: "餐饮".to_owned(),
        open: Vec::new(),
        picture: None,
    };
    let store = city.write(SETUP, move |tx, act| merchants::open_store(tx, act, &new))?.id;
    let (staff, token) = member(city, Role::MerchantCashier, &format!("till{number}"), Some(merchant))?;
    let till = NewTillStaff { staff: staff.id, merchant, store: Some(store), name: "小周".to_owned() };
    city.write(SETUP, move |tx, act| merchants::bind_staff(tx, act, &till))?;
    Ok(Till { merchant, store, token })
}

/// A member of staff with a session. Nobody types the password, so one hash does for all: making one takes longer than
/// an hour of a world.
fn member(
    city: &City,
    role: Role,
    login: &str,
    merchant: Option<MerchantId>,
) -> Result<(Staff, String), FleetError> {
    static NEVER_TYPED: OnceLock<Option<PasswordHash>> = OnceLock::new();
    let password = NEVER_TYPED.get_or_init(|| PasswordHash::new("a password nobody types", [1; 16]).ok());
    let password = password.clone().ok_or(FleetError::Platform("no password hash".to_owned()))?;
    let new =
        NewStaff {
            login: login.to_owned(), name: "模拟".to_owned(), role, merchant, password, totp: false
        };
    let (id, token) = city.write(SETUP, move |tx, act| {
        let id = auth::create_staff(tx, act, &new)?;
        let token = auth::open_session(tx, act, Holder::Staff(id), SESSION_S)?;
        Ok::<_, auth::AuthError>((id, token.text()))
    })?;
    Ok((Staff { id, role, merchant }, token))
}

fn found_campaign(city: &City, budget: Staff) -> Result<CampaignId, FleetError> {
    let actor = Actor::Staff(budget);
    let fund = NewFund {
        department: "市商务局".to_owned(),
        mode: FundMode::Prefund,
        document_no: "甬商务〔2026〕1号".to_owned(),
        granted_fen: Fen::new(10_000_000_000),
    };
    let fund = city.write(actor, move |tx, act| funds::grant(tx, act, &fund))?.id;
    let new = NewCampaign {
        fund,
        name: "夜间经济消费季".to_owned(),
        purpose: "促进夜间餐饮消费".to_owned(),
        budget_fen: Fen::new(5_000_000_000),
        from_at: START.plus_ms(-DAY_MS),
        until_at: START.plus_ms(400 * DAY_MS),
        holdout_bp: 0,
    };
    Ok(city.write(actor, move |tx, act| campaigns::allocate(tx, act, &new))?.id)
}

fn open_batch(
    city: &City,
    town: &Town,
    (editor, approver): (Staff, Staff),
    (mall, till, stock): (usize, Option<usize>, u32),
) -> Result<BatchId, FleetError> {
    let new = NewBatch {
        campaign: town.campaign,
        mall: town.malls[mall],
        merchant: till.map(|till| town.tills[till].merchant),
        stock_total: stock,
        lease_slots: 20,
        content: content(None)?,
    };
    let id = city.write(Actor::Staff(editor), move |tx, act| {
        let id = campaigns::draft_batch(tx, act, &new)?.id;
        campaigns::submit(tx, act, (id, 1)).map(|_| id)
    })?;
    city.write(Actor::Staff(approver), move |tx, act| {
        campaigns::decide(tx, act, (id, 1), (Decision::Approve, ""))?;
        campaigns::move_batch(tx, act, id, (BatchMove::Activate, ""))
    })?;
    Ok(id)
}

/// What every batch says, with at most `per_day` coupons a day.
fn content(per_day: Option<u32>) -> Result<BatchContent, FleetError> {
    Ok(BatchContent {
        title: "满100减20".to_owned(),
        why: "下班吃碗热汤面".to_owned(),
        terms_text: vec!["每人限领三张".to_owned()],
        stores: Vec::new(),
        brand: None,
        picture: None,
        terms: BatchTerms { quota: Quota { per_day, ..Quota::default() }, ..terms()? },
    })
}

fn terms() -> Result<BatchTerms, FleetError> {
    let part = |party, bp| {
        let bp = BasisPoints::new(bp).ok_or(FleetError::Platform("basis points".to_owned()))?;
        Ok::<_, FleetError>(Funder { party, bp })
    };
    Ok(BatchTerms {
        benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(2_000) },
        min_pay_fen: Fen::new(1),
        funding: vec![part(Party::Gov, 6_000)?, part(Party::Merchant, 4_000)?],
        targeting: Predicate::Everyone,
        claim_from: START.plus_ms(-DAY_MS),
        claim_until: START.plus_ms(300 * DAY_MS),
        claim_windows: Vec::new(),
        quota: Quota::default(),
        use_windows: Vec::new(),
        validity: Validity::Days(VALID_DAYS),
        per_person: PersonLimit { total: PERSON_TOTAL, day: PERSON_DAY },
    })
}

fn register(city: &City, kiosks: usize) -> Result<Vec<Shopper>, FleetError> {
    let app = city.app().ok_or(FleetError::Platform("no instance runs".to_owned()))?;
    let keys = Keys::of(app).map_err(|error| FleetError::Platform(error.to_string()))?;
    let mut shoppers = Vec::new();
    for number in 0..kiosks * SHOPPERS_A_KIOSK {
        let (keys, phone) = (keys.clone(), format!("139{number:08}"));
        let (id, token) = city.write(SETUP, move |tx, act| {
            let person =
                Seeded { phone: &phone, name: "林小满", profile: None, consents: &[], evidence: &[] };
            let id = consumers::register_seeded(tx, act, &keys, &person)?;
            let token = auth::open_session(tx, act, Holder::Consumer(id), SESSION_S)?;
            Ok::<_, consumers::ConsumersError>((id, token.text()))
        })?;
        shoppers.push(Shopper { id, token });
    }
    Ok(shoppers)
}

/// The end of a coupon of any batch of the town.
pub fn ends_at(claimed_at: UtcMillis) -> UtcMillis {
    claimed_at.day().plus_days(i64::from(VALID_DAYS)).start()
}
