//! Builds the demo city through the services of the modules.

use super::{
    drawings,
    plan::{BatchPlan, CampaignPlan, ConsumerPlan, MerchantPlan, Plan},
};
use crate::{
    foundation::{
        act::{Act, Actor, Role, Staff},
        app::App,
        db::{DbError, Tx},
        entropy::EntropyError,
        secrets::SecretError,
    },
    modules::{
        auth,
        auth::PasswordHash,
        campaigns, consumers,
        consumers::{Evidence, Keys, Seeded},
        fleet, funds, media,
        media::PictureId,
        merchants,
    },
};
use domain::{
    ids::{BatchId, CampaignId, FundId, MallId, MerchantId, StoreId},
    segment::Predicate,
    time::UtcMillis,
};
use protocol::device::KioskConfig;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The demo city could not be planted; nothing of it is there.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Something in the plan names nothing.
    #[error("the plan names `{0}`, which is not there")]
    Unknown(String),
    /// The merchants module refused.
    #[error("merchants refused")]
    Merchants(#[from] merchants::MerchantError),
    /// The funds module refused.
    #[error("funds refused")]
    Funds(#[from] funds::FundError),
    /// The campaigns module refused.
    #[error("campaigns refused")]
    Campaigns(#[from] campaigns::CampaignError),
    /// The campaigns module refused a batch.
    #[error("campaigns refused the batch `{key}`")]
    #[expect(missing_docs, reason = "said above")]
    Batch { key: String, source: campaigns::CampaignError },
    /// The consumers module refused.
    #[error("consumers refused")]
    Consumers(#[from] consumers::ConsumersError),
    /// The auth module refused.
    #[error("auth refused")]
    Auth(#[from] auth::AuthError),
    /// The fleet module refused.
    #[error("the fleet refused")]
    Fleet(#[from] fleet::FleetError),
    /// The media module refused.
    #[error("media refused")]
    Media(#[from] media::MediaError),
    /// No keys.
    #[error("no keys")]
    Secrets(#[from] SecretError),
    /// No chance.
    #[error("no chance")]
    Entropy(#[from] EntropyError),
    /// The database failed.
    #[error("the city was not recorded")]
    Database(#[from] DbError),
}

/// Plants the city unless there is one; true if it did.
pub fn plant(app: &App, plan: &Plan) -> Result<bool, SeedError> {
    let (plan, keys) = (plan.clone(), Keys::of(app)?);
    let (seed, now) = (app.entropy.seed()?, app.clock.now().day().start());
    let salt = act_of(Actor::System("seed"), "salt", seed, now).chance();
    let password = PasswordHash::new(&plan.people.staff_password, salt)?;
    if app.db.read(is_planted)? {
        return Ok(false);
    }
    let pictures = draw(app)?;
    app.db.write(move |tx| {
        if is_planted(tx)? {
            return Ok(false);
        }
        let means = Means { keys: &keys, password: &password, pictures: &pictures };
        City::found(tx, &plan, means, (seed, now))?;
        Ok(true)
    })
}

fn is_planted(tx: &mut Tx<'_>) -> Result<bool, SeedError> {
    let any = merchants::StoreQuery { limit: 1, ..merchants::StoreQuery::default() };
    Ok(!merchants::stores(tx, &any)?.is_empty())
}

/// Draws every picture and keeps its files; the tables hear of them when the city is founded.
fn draw(app: &App) -> Result<Vec<(&'static str, media::Prepared)>, SeedError> {
    let prepare = |one: &drawings::Drawing| {
        let file = one.file().map_err(media::MediaError::Broken)?;
        Ok((one.key, media::prepare(&app.config.database.folder, one.name, &file)?))
    };
    drawings::ALL.iter().map(prepare).collect()
}

/// What is made before the city is founded, because it takes its time.
#[derive(Clone, Copy)]
struct Means<'a> {
    keys: &'a Keys,
    /// One hash for all staff: they share a password that the demo prints.
    password: &'a PasswordHash,
    pictures: &'a [(&'static str, media::Prepared)],
}

/// Ids by the keys of the plan, as they come to be.
#[derive(Default)]
struct Known {
    merchants: BTreeMap<String, MerchantId>,
    stores: BTreeMap<String, Vec<StoreId>>,
    funds: BTreeMap<String, FundId>,
    campaigns: BTreeMap<String, (CampaignId, UtcMillis)>,
    pictures: BTreeMap<String, PictureId>,
}

struct City<'a> {
    plan: &'a Plan,
    means: Means<'a>,
    seed: [u8; 32],
    now: UtcMillis,
    mall: MallId,
    known: Known,
}

impl City<'_> {
    fn found(
        tx: &mut Tx<'_>,
        plan: &Plan,
        means: Means<'_>,
        (seed, now): ([u8; 32], UtcMillis),
    ) -> Result<(), SeedError> {
        let act = act_of(Actor::System("seed"), "seed", seed, now);
        let mall = merchants::create_mall(
            tx,
            &act,
            &merchants::NewMall {
                name: plan.mall.name.clone(),
                hotline: plan.mall.hotline.clone(),
                service_desk: plan.mall.service_desk.clone(),
            },
        )?;
        let mut city = City { plan, means, seed, now, mall: mall.id, known: Known::default() };
        city.pictures(tx, &act)?;
        plan.mall.merchant.iter().try_for_each(|merchant| city.merchant(tx, &act, merchant))?;
        let staff = city.staff(tx, &act)?;
        plan.people.consumer.iter().try_for_each(|person| city.consumer(tx, &act, person))?;
        city.money(tx, &staff)?;
        fleet::publish_config(tx, &act, &KioskConfig { version: 1, ..KioskConfig::default() })?;
        Ok(())
    }

    fn pictures(&mut self, tx: &mut Tx<'_>, act: &Act) -> Result<(), SeedError> {
        for (key, prepared) in self.means.pictures {
            self.known.pictures.insert((*key).to_owned(), media::record(tx, act, prepared)?.id);
        }
        Ok(())
    }

    fn merchant(&mut self, tx: &mut Tx<'_>, act: &Act, plan: &MerchantPlan) -> Result<(), SeedError> {
        let licence_no = licence_no(self.known.merchants.len());
        let merchant = merchants::create_merchant(
            tx,
            act,
            &merchants::NewMerchant { name: plan.name.clone(), licence_no },
        )?;
        merchants::set_commission(tx, act, merchant.id, (plan.commission_bp, self.now))?;
        for store in &plan.stores {
            let new = merchants::NewStore {
                merchant: merchant.id,
                mall: self.mall,
                name: plan.name.clone(),
                floor: store.floor.clone(),
                place: store.place.clone(),
                category: store.category.clone(),
                open: self.plan.mall.hours(&store.hours),
                picture: None,
            };
            let store = merchants::open_store(tx, act, &new)?;
            self.known.stores.entry(plan.key.clone()).or_default().push(store.id);
        }
        self.known.merchants.insert(plan.key.clone(), merchant.id);
        Ok(())
    }

    /// Makes the accounts of all staff; gives one of each role.
    fn staff(&self, tx: &mut Tx<'_>, act: &Act) -> Result<BTreeMap<Role, Staff>, SeedError> {
        let mut by_role = BTreeMap::new();
        for plan in self.plan.staff() {
            let merchant = plan.merchant.as_deref().map(|key| self.merchant_id(key)).transpose()?;
            let new = auth::NewStaff {
                login: plan.login,
                name: plan.name.clone(),
                role: plan.role,
                merchant,
                password: self.means.password.clone(),
                totp: false,
            };
            let id = auth::create_staff(tx, act, &new)?;
            if let Some(merchant) = merchant {
                let till = merchants::NewTillStaff { staff: id, merchant, store: None, name: plan.name };
                merchants::bind_staff(tx, act, &till)?;
            }
            by_role.insert(plan.role, Staff { id, role: plan.role, merchant });
        }
        Ok(by_role)
    }

    fn consumer(&self, tx: &mut Tx<'_>, act: &Act, plan: &ConsumerPlan) -> Result<(), SeedError> {
        let evidence: Vec<Evidence> = plan
            .evidence
            .iter()
            .map(|evidence| Evidence {
                kind: evidence.kind.clone(),
                level: evidence.level,
                valid_from: self.now,
                valid_until: Some(self.now.day().plus_days(evidence.valid_days).start()),
                reference: evidence.reference.clone(),
            })
            .collect();
        let person = Seeded {
            phone: &plan.phone,
            name: &plan.name,
            profile: plan.profile.as_ref(),
            consents: &plan.consents,
            evidence: &evidence,
        };
        consumers::register_seeded(tx, act, self.means.keys, &person)?;
        Ok(())
    }

    /// Funds, campaigns and batches, each by whose job it is: nobody approves their own draft.
    fn money(&mut self, tx: &mut Tx<'_>, staff: &BTreeMap<Role, Staff>) -> Result<(), SeedError> {
        let act = |role: Role| {
            let staff = staff.get(&role).ok_or_else(|| SeedError::Unknown(role.as_str().to_owned()))?;
            Ok::<_, SeedError>(act_of(Actor::Staff(*staff), role.as_str(), self.seed, self.now))
        };
        let budget = act(Role::GovBudgetOwner)?;
        let (editor, approver) = (act(Role::OpCampaignEditor)?, act(Role::OpCampaignApprover)?);
        let plan = &self.plan.money;
        for fund in &plan.fund {
            let mode = funds::FundMode::from_name(&fund.mode).ok_or_else(|| unknown(&fund.mode))?;
            let new = funds::NewFund {
                department: fund.department.clone(),
                mode,
                document_no: fund.document.clone(),
                granted_fen: fund.granted_fen,
            };
            let id = funds::grant(tx, &budget, &new)?.id;
            self.known.funds.insert(fund.key.clone(), id);
        }
        plan.campaign.iter().try_for_each(|campaign| self.campaign(tx, &budget, campaign))?;
        plan.batch.iter().try_for_each(|batch| self.batch(tx, (&editor, &approver), batch))
    }

    fn campaign(&mut self, tx: &mut Tx<'_>, act: &Act, plan: &CampaignPlan) -> Result<(), SeedError> {
        let until_at = self.now.day().plus_days(plan.days).start();
        let new = campaigns::NewCampaign {
            fund: *self.known.funds.get(&plan.fund).ok_or_else(|| unknown(&plan.fund))?,
            name: plan.title.clone(),
            purpose: plan.purpose.clone(),
            budget_fen: plan.budget_fen,
            from_at: self.now,
            until_at,
            holdout_bp: 0,
        };
        let campaign = campaigns::allocate(tx, act, &new)?;
        self.known.campaigns.insert(plan.key.clone(), (campaign.id, until_at));
        Ok(())
    }

    fn batch(
        &self,
        tx: &mut Tx<'_>,
        (editor, approver): (&Act, &Act),
        plan: &BatchPlan,
    ) -> Result<(), SeedError> {
        let new = self.new_batch(tx, plan)?;
        let refused = |source| SeedError::Batch { key: plan.key.clone(), source };
        let id: BatchId = campaigns::draft_batch(tx, editor, &new).map_err(refused)?.id;
        campaigns::submit(tx, editor, (id, 1)).map_err(refused)?;
        let approval = (campaigns::Decision::Approve, "符合活动方案");
        campaigns::decide(tx, approver, (id, 1), approval).map_err(refused)?;
        let start = (campaigns::BatchMove::Activate, "按期上线");
        campaigns::move_batch(tx, approver, id, start).map_err(refused)?;
        Ok(())
    }

    fn new_batch(&self, tx: &mut Tx<'_>, plan: &BatchPlan) -> Result<campaigns::NewBatch, SeedError> {
        let campaign = self.known.campaigns.get(&plan.campaign).ok_or_else(|| unknown(&plan.campaign))?;
        let mut stores = Vec::new();
        for key in &plan.stores {
            stores.extend(self.known.stores.get(key).ok_or_else(|| unknown(key))?);
        }
        let drawn = |name: &String| self.known.pictures.get(name).copied().ok_or_else(|| unknown(name));
        let content = campaigns::BatchContent {
            title: plan.title.clone(),
            why: plan.why.clone(),
            terms_text: plan.terms.clone(),
            stores,
            brand: plan.brand.clone(),
            picture: plan.picture.as_ref().map(drawn).transpose()?,
            terms: plan.terms(targeting(tx, plan)?, (self.now, campaign.1)),
        };
        Ok(campaigns::NewBatch {
            campaign: campaign.0,
            mall: self.mall,
            merchant: plan.merchant.as_deref().map(|key| self.merchant_id(key)).transpose()?,
            stock_total: plan.total,
            lease_slots: plan.lease_slots,
            content,
        })
    }

    fn merchant_id(&self, key: &str) -> Result<MerchantId, SeedError> {
        self.known.merchants.get(key).copied().ok_or_else(|| unknown(key))
    }
}

fn targeting(tx: &mut Tx<'_>, plan: &BatchPlan) -> Result<Predicate, SeedError> {
    let mut parts = Vec::new();
    for name in plan.tags() {
        parts.push(Predicate::Tag(consumers::tag_id(tx, name)?.ok_or_else(|| unknown(name))?));
    }
    Ok(match parts.len() {
        0 => Predicate::Everyone,
        1 => parts.remove(0),
        _ => Predicate::Any(parts),
    })
}

/// An act whose ids follow from the seed and from who acts, so that no two actors mint the same.
fn act_of(actor: Actor, label: &str, seed: [u8; 32], now: UtcMillis) -> Act {
    let own_seed = Sha256::new().chain_update(seed).chain_update(label).finalize().into();
    Act::new(now, actor, "seed".to_owned(), own_seed)
}

/// A business licence number of the demo: 18 characters, one a merchant.
fn licence_no(index: usize) -> String {
    format!("91330200MADEM{index:05}")
}

fn unknown(name: &str) -> SeedError {
    SeedError::Unknown(name.to_owned())
}
