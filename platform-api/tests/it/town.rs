//! A small town for tests of money: a mall, two merchants, tills, a fund with a campaign, consumers and one kiosk.

use crate::{
    harness::{Answer, Platform, START},
    kiosk::Kiosk,
};
use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    consumer_code::Pseudonym,
    ids::{BatchId, CampaignId, ConsumerId, CouponId, EventId, FundId, MallId, MerchantId, StaffId, StoreId},
    money::{BasisPoints, Fen},
    pricing::{Benefit, Funder, Party},
    segment::Predicate,
    time::UtcMillis,
    voucher::{self, Voucher},
};
use platform_api::{
    foundation::{
        act::{Act, Actor, Role, Staff},
        db::Tx,
        error::Problem,
    },
    modules::{
        auth::{self, Holder, NewStaff, PasswordHash},
        campaigns::{self, Batch, BatchContent, BatchMove, Decision, NewBatch, NewCampaign},
        consumers::{self, Keys, Seeded},
        funds::{self, FundMode, NewFund},
        ledger,
        merchants::{self, NewMall, NewMerchant, NewStore, NewTillStaff},
    },
};
use protocol::{
    lease::{Grant, LeaseRequest},
    outbox::{ClaimReport, ClaimsAnswer, ClaimsRequest, Verdict},
    signed::Purpose,
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

pub const BUDGET: Fen = Fen::new(1_000_000);
/// What the noodle merchant pays of the funded part.
pub const COMMISSION_BP: u16 = 200;

/// Somebody who signed in.
#[derive(Clone)]
pub struct Member {
    pub staff: Staff,
    pub token: String,
    pub login: String,
}

/// A consumer with a session.
#[derive(Clone)]
pub struct Person {
    pub id: ConsumerId,
    pub token: String,
}

pub struct Town {
    pub platform: Platform,
    pub mall: MallId,
    pub noodles: MerchantId,
    pub noodle_store: StoreId,
    pub noodle_branch: StoreId,
    pub tea_store: StoreId,
    pub cashier: Member,
    pub colleague: Member,
    pub tea_cashier: Member,
    pub budget: Member,
    pub editor: Member,
    pub approver: Member,
    pub fund: FundId,
    pub campaign: CampaignId,
    pub kiosk: Kiosk,
    requests: AtomicU64,
}

impl Town {
    pub async fn new() -> Town {
        let platform = Platform::with(|config| config.limits.requests_per_minute = 100_000);
        consumers::prepare(&platform.app).unwrap();
        let mall = write(&platform, SEED, |tx, act| merchants::create_mall(tx, act, &new_mall())).id;
        let noodles = found_merchant(&platform, "巷口面馆", "91330200MA00000001");
        let tea = found_merchant(&platform, "山间茶铺", "91330200MA00000002");
        let noodle_store = open_store(&platform, (noodles, mall), "B1-08");
        let noodle_branch = open_store(&platform, (noodles, mall), "3F-02");
        let tea_store = open_store(&platform, (tea, mall), "1F-11");
        let budget = member(&platform, Role::GovBudgetOwner, None);
        let fund =
            write(&platform, Actor::Staff(budget.staff), |tx, act| funds::grant(tx, act, &new_fund())).id;
        let new = new_campaign(fund);
        let campaign =
            write(&platform, Actor::Staff(budget.staff), move |tx, act| campaigns::allocate(tx, act, &new))
                .id;
        Town {
            cashier: till_member(&platform, (noodles, noodle_store), "小周"),
            colleague: till_member(&platform, (noodles, noodle_branch), "小李"),
            tea_cashier: till_member(&platform, (tea, tea_store), "阿芳"),
            editor: member(&platform, Role::OpCampaignEditor, None),
            approver: member(&platform, Role::OpCampaignApprover, None),
            kiosk: Kiosk::enrol_in(&platform, mall, 1).await,
            requests: AtomicU64::new(1),
            platform,
            mall,
            noodles,
            noodle_store,
            noodle_branch,
            tea_store,
            budget,
            fund,
            campaign,
        }
    }

    pub fn write<T, E>(
        &self,
        actor: Actor,
        work: impl Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
    ) -> T
    where
        T: Send + 'static,
        E: From<platform_api::foundation::db::DbError> + std::fmt::Debug + Send + 'static,
    {
        write(&self.platform, actor, work)
    }

    /// A batch of 20 off 100 yuan, 60 % by the government and the rest by the merchant, as `change` makes it.
    pub fn new_batch(&self, change: impl FnOnce(&mut NewBatch)) -> NewBatch {
        let mut new = NewBatch {
            campaign: self.campaign,
            mall: self.mall,
            merchant: Some(self.noodles),
            stock_total: 10,
            lease_slots: 20,
            content: BatchContent {
                title: "面馆满100减20".to_owned(),
                why: "下班吃碗热汤面".to_owned(),
                terms_text: vec!["每人限领两张".to_owned()],
                stores: vec![],
                brand: None,
                picture: None,
                terms: terms(),
            },
        };
        change(&mut new);
        new
    }

    /// An active batch, drafted by one and approved by another.
    pub fn batch(&self, change: impl FnOnce(&mut NewBatch)) -> BatchId {
        let new = self.new_batch(change);
        let (editor, approver) = (Actor::Staff(self.editor.staff), Actor::Staff(self.approver.staff));
        let id = self.write(editor, move |tx, act| {
            let id = campaigns::draft_batch(tx, act, &new)?.id;
            campaigns::submit(tx, act, (id, 1)).map(|_| id)
        });
        self.write(approver, move |tx, act| {
            campaigns::decide(tx, act, (id, 1), (Decision::Approve, ""))?;
            campaigns::move_batch(tx, act, id, (BatchMove::Activate, ""))
        });
        id
    }

    /// The next version of a batch, drafted by one and approved by another.
    pub fn next_version(&self, batch: BatchId, change: impl FnOnce(&mut BatchContent)) -> u32 {
        let (editor, approver) = (Actor::Staff(self.editor.staff), Actor::Staff(self.approver.staff));
        let versions = self.write(SEED, move |tx, _| campaigns::batch_versions(tx, batch));
        let mut content = versions.last().unwrap().content.clone();
        change(&mut content);
        let number = self.write(editor, move |tx, act| {
            let number = campaigns::draft_version(tx, act, batch, &content)?.version;
            campaigns::submit(tx, act, (batch, number)).map(|_| number)
        });
        self.write(approver, move |tx, act| {
            campaigns::decide(tx, act, (batch, number), (Decision::Approve, ""))
        });
        number
    }

    pub fn batch_row(&self, id: BatchId) -> Batch {
        self.write(SEED, move |tx, _| campaigns::batch(tx, id)).unwrap()
    }

    pub fn person(&self, phone: &'static str) -> Person {
        let keys = Keys::of(&self.platform.app).unwrap();
        let id = self.write(SEED, move |tx, act| {
            let seeded = Seeded { phone, name: "林小满", profile: None, consents: &[], evidence: &[] };
            consumers::register_seeded(tx, act, &keys, &seeded)
        });
        let token =
            self.write(SEED, move |tx, act| auth::open_session(tx, act, Holder::Consumer(id), 100_000_000));
        Person { id, token: token.text() }
    }

    /// The code on a person's phone now.
    pub fn identify_code(&self, person: &Person) -> String {
        let (keys, id) = (Keys::of(&self.platform.app).unwrap(), person.id);
        self.write(SEED, move |tx, act| consumers::current_identify_code(tx, act, &keys, id)).text
    }

    fn pseudonym(&self, person: &Person) -> Pseudonym {
        let code = self.identify_code(person);
        let believed = self.platform.db().write(move |tx| {
            let act = Act::new(START, SEED, String::new(), [0; 32]);
            let ring = consumers::key_ring(tx, &act)?.unwrap();
            Ok::<_, platform_api::foundation::db::DbError>((code.clone(), ring))
        });
        let (code, ring) = believed.unwrap();
        let now = self.platform.app.clock.now();
        domain::consumer_code::verify_identify(code.as_bytes(), &ring, now).unwrap().head.pseudonym
    }

    pub async fn lease(&self, batch: BatchId, want: u32) -> Grant {
        let request_no = self.requests.fetch_add(1, Ordering::SeqCst);
        let request = LeaseRequest { epoch: self.kiosk.epoch, request_no, batch, want, at: None };
        let body = serde_json::to_value(request).unwrap();
        let answer = self.kiosk.post(&self.platform, "/api/k/v1/leases", body).await;
        self.kiosk.open(answer, Purpose::Grant)
    }

    /// What the kiosk shows when it issues a slot to a person now.
    pub fn voucher(&self, grant: &Grant, slot: u32, person: &Person) -> String {
        let voucher = Voucher {
            lease: grant.lease,
            slot,
            batch: grant.batch,
            pseudonym: self.pseudonym(person),
            claimed_at: UtcMillis::from_seconds(self.platform.app.clock.now().seconds()),
            redeem_before: UtcMillis::from_seconds(grant.reclaim_at.seconds()),
        };
        voucher::issue(&voucher, &self.kiosk.key)
    }

    /// Reports vouchers as the kiosk does, and gives what became of each.
    pub async fn report(&self, vouchers: &[String]) -> Vec<Verdict> {
        let body = self.reports(vouchers);
        let answer = self.kiosk.post(&self.platform, "/api/k/v1/claims:batch", body).await;
        let answer: ClaimsAnswer = self.kiosk.believe(answer, Purpose::Claims);
        answer.outcomes.into_iter().map(|outcome| outcome.verdict).collect()
    }

    pub fn reports(&self, vouchers: &[String]) -> Value {
        let claims = vouchers.iter().zip(0_u8..).map(|(text, index)| {
            let presented = voucher::read(text.as_bytes()).unwrap();
            let known = presented.verify(&self.kiosk.key.verifying_key()).unwrap();
            let event = EventId::from_bytes([index; 16]);
            ClaimReport { event, lease: known.lease, slot: known.slot, voucher: text.clone() }
        });
        serde_json::to_value(ClaimsRequest { epoch: self.kiosk.epoch, claims: claims.collect() }).unwrap()
    }

    /// A coupon in the wallet of a person, claimed and reported.
    pub async fn coupon(&self, batch: BatchId, person: &Person) -> CouponId {
        let grant = self.lease(batch, 1).await;
        let voucher = self.voucher(&grant, 0, person);
        let verdicts = self.report(&[voucher]).await;
        assert!(matches!(verdicts[..], [Verdict::Issued { .. }]), "{verdicts:?}");
        let wallet = self.platform.get("/api/c/v1/wallet", Some(&person.token)).await.expect(200);
        let mut of_batch =
            wallet.as_array().unwrap().iter().filter(|coupon| coupon["batch"] == batch.to_string());
        of_batch.next_back().unwrap()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Code and digits of a coupon as the phone shows them.
    pub async fn shown(&self, coupon: CouponId, person: &Person) -> Value {
        let path = format!("/api/c/v1/coupons/{coupon}/code");
        self.platform.post(&path, Some(&person.token), json!({})).await.expect(200)
    }

    pub async fn preview(&self, who: &Member, body: Value) -> Answer {
        self.platform.post("/api/m/v1/redemptions/preview", Some(&who.token), body).await
    }

    pub async fn confirm(&self, who: &Member, body: Value) -> Answer {
        self.platform.post("/api/m/v1/redemptions/confirm", Some(&who.token), body).await
    }

    /// What a cashier of the noodle store sends.
    pub fn presented(&self, code: &Value, bill_fen: i64) -> Value {
        json!({ "code": code, "store": self.noodle_store, "bill_fen": bill_fen })
    }

    /// The promises that hold at every moment: the ledger, the campaign's money (I06), the batch's stock (I01) and
    /// cost (I08).
    pub fn check_books(&self) {
        let campaign = self.campaign;
        self.write(SEED, move |tx, _| {
            assert!(ledger::trial_balance(tx)?.is_sound());
            let money = ledger::campaign_balances(tx, campaign)?;
            let parts = [money.available_fen, money.reserved_fen, money.spent_fen, money.returned_fen];
            assert_eq!(domain::money::sum(parts), Some(money.allocated_fen), "{money:?}");
            let batches = campaigns::batches(tx, campaign, ("", 100))?;
            assert_eq!(
                domain::money::sum(batches.iter().map(|batch| batch.spent_fen)),
                Some(money.spent_fen)
            );
            for batch in &batches {
                let stock = batch.stock;
                assert_eq!(stock.free + stock.leased + stock.issued, stock.total, "{stock:?}");
            }
            Ok::<_, ledger::LedgerError>(())
        });
    }
}

/// The password of everybody here.
pub const PASSWORD: &str = "a long enough password";
pub const SEED: Actor = Actor::System("test");

pub fn terms() -> BatchTerms {
    let part = |party, bp| Funder { party, bp: BasisPoints::new(bp).unwrap() };
    BatchTerms {
        benefit: Benefit::AmountOff { threshold_fen: Fen::new(10_000), off_fen: Fen::new(2_000) },
        min_pay_fen: Fen::new(1),
        funding: vec![part(Party::Gov, 6_000), part(Party::Merchant, 4_000)],
        targeting: Predicate::Everyone,
        claim_from: START.plus_ms(-86_400_000),
        claim_until: START.plus_ms(10 * 86_400_000),
        claim_windows: vec![],
        quota: domain::quota::Quota::default(),
        use_windows: vec![],
        validity: Validity::Days(3),
        per_person: PersonLimit { total: 2, day: 2 },
    }
}

/// Runs a service as `actor` now.
pub fn write<T, E>(
    platform: &Platform,
    actor: Actor,
    work: impl Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
) -> T
where
    T: Send + 'static,
    E: From<platform_api::foundation::db::DbError> + std::fmt::Debug + Send + 'static,
{
    try_write(platform, actor, work).unwrap()
}

pub fn try_write<T, E>(
    platform: &Platform,
    actor: Actor,
    work: impl Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<platform_api::foundation::db::DbError> + Send + 'static,
{
    let act = platform.act(actor);
    platform.db().write(move |tx| {
        act.restart();
        work(tx, &act)
    })
}

fn new_mall() -> NewMall {
    let text = |text: &str| text.to_owned();
    NewMall {
        name: text("海曙天街"), hotline: text("0574-87000000"), service_desk: text("一层服务台")
    }
}

fn found_merchant(platform: &Platform, name: &'static str, licence_no: &'static str) -> MerchantId {
    write(platform, SEED, move |tx, act| {
        let new = NewMerchant { name: name.to_owned(), licence_no: licence_no.to_owned() };
        let id = merchants::create_merchant(tx, act, &new)?.id;
        let rate = BasisPoints::new(COMMISSION_BP).unwrap();
        merchants::set_commission(tx, act, id, (rate, act.now)).map(|()| id)
    })
}

fn open_store(platform: &Platform, (merchant, mall): (MerchantId, MallId), place: &'static str) -> StoreId {
    let new = NewStore {
        merchant,
        mall,
        name: format!("{place}店"),
        floor: place[..2].to_owned(),
        place: place.to_owned(),
        category: "餐饮".to_owned(),
        open: vec![],
        picture: None,
    };
    write(platform, SEED, move |tx, act| merchants::open_store(tx, act, &new)).id
}

fn new_fund() -> NewFund {
    NewFund {
        department: "市商务局".to_owned(),
        mode: FundMode::Prefund,
        document_no: "甬商务〔2026〕1号".to_owned(),
        granted_fen: Fen::new(10_000_000),
    }
}

fn new_campaign(fund: FundId) -> NewCampaign {
    NewCampaign {
        fund,
        name: "夜间经济消费季".to_owned(),
        purpose: "促进夜间餐饮消费".to_owned(),
        budget_fen: BUDGET,
        from_at: START.plus_ms(-30 * 86_400_000),
        // Long enough for tests that let years go by.
        until_at: START.plus_ms(4_000 * 86_400_000),
        holdout_bp: 0,
    }
}

/// A member of staff with a session.
pub fn member(platform: &Platform, role: Role, merchant: Option<MerchantId>) -> Member {
    let login =
        format!("m{}", platform.app.entropy.seed().unwrap().map(|byte| format!("{byte:02x}"))[..8].concat());
    let password = PasswordHash::new(PASSWORD, [1; 16]).unwrap();
    let new =
        NewStaff { login: login.clone(), name: "测试".to_owned(), role, merchant, password, totp: false };
    let (id, token) = write(platform, SEED, move |tx, act| {
        let id: StaffId = auth::create_staff(tx, act, &new)?;
        let token = auth::open_session(tx, act, Holder::Staff(id), 100_000_000)?;
        Ok::<_, auth::AuthError>((id, token.text()))
    });
    Member { staff: Staff { id, role, merchant }, token, login }
}

fn till_member(platform: &Platform, (merchant, store): (MerchantId, StoreId), name: &'static str) -> Member {
    let cashier = member(platform, Role::MerchantCashier, Some(merchant));
    let staff = cashier.staff.id;
    write(platform, SEED, move |tx, act| {
        let new = NewTillStaff { staff, merchant, store: Some(store), name: name.to_owned() };
        merchants::bind_staff(tx, act, &new)
    });
    cashier
}

/// The stable code of what a service refused.
pub fn code<T, E>(result: Result<T, E>) -> &'static str
where
    Problem: From<E>,
{
    match result {
        Ok(_) => "no refusal",
        Err(error) => Problem::from(error).code().as_str(),
    }
}
