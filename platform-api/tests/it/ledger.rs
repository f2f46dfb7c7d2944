//! The ledger's promises, by its own functions and behind their back.

use crate::harness::Platform;
use domain::{
    ids::{CampaignId, FundId, MerchantId, RedemptionId},
    money::Fen,
    pricing::{FunderShare, Party},
};
use platform_api::{
    foundation::{
        act::{Act, Actor},
        db::{DbError, Tx},
    },
    modules::ledger::{
        self, Account, CampaignMoney, Event, FundGrant, FundMoney, LedgerError, Leg, Redeemed, Transaction,
    },
};

const FUND: FundId = FundId::from_bytes([1; 16]);
const CAMPAIGN: CampaignId = CampaignId::from_bytes([2; 16]);
const MERCHANT: MerchantId = MerchantId::from_bytes([3; 16]);
const REDEMPTION: RedemptionId = RedemptionId::from_bytes([4; 16]);

fn write<T: Send + 'static>(
    platform: &Platform,
    work: impl Fn(&mut Tx<'_>, &Act) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    let act = platform.act(Actor::System("test"));
    platform.db().write(move |tx| work(tx, &act))
}

fn granted(amount: i64) -> FundGrant {
    FundGrant { fund: FUND, money: FundMoney::Prefunded, amount_fen: Fen::new(amount) }
}

/// The first two lines of the example in the posting table: 1,000,000 granted, 100,000 allocated.
fn platform_with_a_campaign() -> Platform {
    let platform = Platform::new();
    let done = write(&platform, |tx, act| {
        ledger::grant_fund(tx, act, &granted(1_000_000))?;
        ledger::allocate_campaign(tx, act, (FUND, CAMPAIGN), Fen::new(100_000))
    });
    done.unwrap();
    platform
}

fn redeem(tx: &mut Tx<'_>, act: &Act, shares: &[(Party, i64)], commission: i64) -> Result<(), LedgerError> {
    let share = |(party, fen): &(Party, i64)| FunderShare { party: *party, amount_fen: Fen::new(*fen) };
    let shares: Vec<FunderShare> = shares.iter().map(share).collect();
    let redeemed = Redeemed {
        redemption: REDEMPTION,
        campaign: CAMPAIGN,
        merchant: MERCHANT,
        brand: None,
        shares: &shares,
        commission_fen: Fen::new(commission),
    };
    ledger::redeem(tx, act, &redeemed)
}

fn balance(platform: &Platform, account: Account) -> i64 {
    let read: Result<Fen, DbError> = platform.db().read(move |tx| ledger::balance(tx, &account));
    read.unwrap().get()
}

fn assert_sound(platform: &Platform) {
    let trial = platform.db().read(ledger::trial_balance).unwrap();
    assert!(trial.is_sound(), "{trial:?}");
}

#[test]
fn a_redeemed_voucher_is_paid_out_of_the_campaign_and_everything_adds_up() {
    let platform = platform_with_a_campaign();
    let parts = [(Party::Gov, 4000), (Party::Platform, 500), (Party::Merchant, 1500)];
    write(&platform, move |tx, act| redeem(tx, act, &parts, 90)).unwrap();
    let money = platform.db().read(|tx| ledger::campaign_balances(tx, CAMPAIGN)).unwrap();
    assert_eq!(money.available_fen, Fen::new(96_000));
    assert_eq!(money.reserved_fen, Fen::ZERO);
    assert_eq!(money.spent_fen, Fen::new(4000));
    assert_eq!(money.allocated_fen, Fen::new(100_000));
    assert_eq!(balance(&platform, Account::MerchantPending(MERCHANT)), -4410);
    assert_eq!(balance(&platform, Account::CommissionIncome), -90);
    assert_eq!(balance(&platform, Account::PlatformPromotion), 500);
    assert_eq!(balance(&platform, Account::GovTrust(FUND)), 1_000_000);
    assert_eq!(balance(&platform, Account::GovAvailable(FUND)), -900_000);
    assert_sound(&platform);
}

#[test]
fn money_that_is_not_there_cannot_be_spent_and_nothing_of_the_attempt_stays() {
    let platform = platform_with_a_campaign();
    let refused =
        write(&platform, |tx, act| redeem(tx, act, &[(Party::Platform, 100), (Party::Gov, 100_001)], 0));
    let Err(LedgerError::InsufficientFund { account, shortfall_fen }) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert_eq!((account, shortfall_fen), (Account::CampaignAvailable(CAMPAIGN).name(), Fen::new(1)));
    assert_eq!(balance(&platform, Account::PlatformPromotion), 0);
    assert_eq!(platform.count("SELECT count(*) AS n FROM ledger_transaction"), 2);
    assert_sound(&platform);
}

#[test]
fn an_event_is_posted_once() {
    let platform = platform_with_a_campaign();
    let again = write(&platform, |tx, act| ledger::grant_fund(tx, act, &granted(1_000_000)));
    assert!(matches!(again, Err(LedgerError::AlreadyPosted(key)) if key == format!("E01/{FUND}")));
    write(&platform, |tx, act| redeem(tx, act, &[(Party::Gov, 4000)], 0)).unwrap();
    let twice = write(&platform, |tx, act| redeem(tx, act, &[(Party::Gov, 4000)], 0));
    assert!(matches!(twice, Err(LedgerError::AlreadyPosted(_))));
    assert_eq!(balance(&platform, Account::CampaignAvailable(CAMPAIGN)), -96_000);
}

#[test]
fn a_reservation_can_be_given_back() {
    let platform = platform_with_a_campaign();
    let money = || CampaignMoney { campaign: CAMPAIGN, purpose: "order:1", amount_fen: Fen::new(4000) };
    write(&platform, move |tx, act| ledger::reserve(tx, act, &money())).unwrap();
    assert_eq!(balance(&platform, Account::CampaignReserved(CAMPAIGN)), -4000);
    write(&platform, move |tx, act| ledger::release(tx, act, &money())).unwrap();
    assert_eq!(balance(&platform, Account::CampaignReserved(CAMPAIGN)), 0);
    let twice = write(&platform, move |tx, act| ledger::release(tx, act, &money()));
    assert!(twice.is_err(), "released twice");
    assert_sound(&platform);
}

#[test]
fn what_is_left_goes_back_to_the_fund_and_to_the_trust_account() {
    let platform = platform_with_a_campaign();
    write(&platform, |tx, act| {
        ledger::return_campaign(tx, act, (FUND, CAMPAIGN), Fen::new(100_000))?;
        ledger::return_fund(tx, act, &granted(1_000_000))
    })
    .unwrap();
    assert_eq!(balance(&platform, Account::GovTrust(FUND)), 0);
    let money = platform.db().read(|tx| ledger::campaign_balances(tx, CAMPAIGN)).unwrap();
    assert_eq!((money.returned_fen, money.available_fen), (Fen::new(100_000), Fen::ZERO));
    assert_sound(&platform);
}

#[test]
fn a_promised_fund_stands_as_a_commitment() {
    let platform = Platform::new();
    let grant = || FundGrant { money: FundMoney::Promised("商务局".to_owned()), ..granted(500) };
    write(&platform, move |tx, act| ledger::grant_fund(tx, act, &grant())).unwrap();
    assert_eq!(balance(&platform, Account::GovCommitment("商务局".to_owned())), 500);
}

#[test]
fn legs_that_do_not_add_up_are_refused_before_the_database_sees_them() {
    let platform = Platform::new();
    let crooked = || Transaction {
        business_key: "x".to_owned(),
        event: Event::Commission,
        legs: vec![
            Leg { account: Account::CommissionIncome, amount_fen: Fen::new(-5) },
            Leg { account: Account::PlatformPromotion, amount_fen: Fen::new(4) },
        ],
    };
    let refused = write(&platform, move |tx, act| ledger::post(tx, act, &crooked()));
    assert!(matches!(refused, Err(LedgerError::NotBalanced(_))));
}

/// Runs SQL that no service contains and gives the name of the constraint that refused it.
fn refusal(platform: &Platform, statements: &'static [&'static str]) -> String {
    let outcome: Result<(), DbError> = platform.db().write(move |tx| {
        for sql in statements {
            tx.execute(sql, &[])?;
        }
        Ok(())
    });
    match outcome {
        Err(DbError::Check { constraint, .. } | DbError::Unique { constraint, .. }) => constraint,
        other => panic!("{statements:?} was not refused by a constraint: {other:?}"),
    }
}

const BEGIN: &str = "INSERT INTO ledger_transaction (id, business_key, event, at, actor, request_id)
    VALUES ('t', 'k', 'E01', 0, 'a', 'r')";
const POST: &str = "UPDATE ledger_transaction SET posted = 1 WHERE id = 't'";

#[test]
fn the_database_itself_refuses_what_the_code_would() {
    let platform = platform_with_a_campaign();
    let one_sided = &[
        BEGIN,
        "INSERT INTO ledger_entry SELECT 't', 1, account, 'E01', 5 FROM ledger_account WHERE code = '1002'",
        POST,
    ];
    assert_eq!(refusal(&platform, one_sided), "ledger_not_balanced");
    assert_eq!(refusal(&platform, &[BEGIN, POST]), "ledger_not_balanced");
    let overdrawn = &[
        BEGIN,
        "INSERT INTO ledger_entry SELECT 't', 1, account, 'E01', -1000001 FROM ledger_account WHERE code = '1002'",
        "INSERT INTO ledger_entry SELECT 't', 2, account, 'E01', 1000001 FROM ledger_account WHERE code = '2001'",
        POST,
    ];
    assert_eq!(refusal(&platform, overdrawn), "ledger_account_no_negative");
    let again = &["INSERT INTO ledger_transaction (id, business_key, event, at, actor, request_id)
        SELECT 'other', business_key, event, at, actor, request_id FROM ledger_transaction WHERE event = 'E01'"];
    assert_eq!(refusal(&platform, again), "ledger_transaction.business_key");
    assert_sound(&platform);
}

#[test]
fn nothing_posted_can_be_changed_or_removed() {
    let platform = platform_with_a_campaign();
    let attempts: [&'static [&'static str]; 9] = [
        &["UPDATE ledger_entry SET amount_fen = amount_fen + 1"],
        &["DELETE FROM ledger_entry"],
        &["UPDATE ledger_transaction SET event = 'E02'"],
        &["UPDATE ledger_transaction SET posted = 0"],
        &["UPDATE ledger_transaction SET posted = 1"],
        &["DELETE FROM ledger_transaction"],
        &["UPDATE ledger_account SET no_negative = 0"],
        &["DELETE FROM ledger_account"],
        &[
            "INSERT INTO ledger_entry SELECT ledger_transaction, 9, '2002:x', event, 1 FROM ledger_entry LIMIT 1",
        ],
    ];
    for statements in attempts {
        assert_eq!(refusal(&platform, statements), "ledger_immutable", "{statements:?}");
    }
    assert_sound(&platform);
}

#[test]
fn a_balance_changed_by_hand_is_found() {
    let platform = platform_with_a_campaign();
    let tampering: Result<u64, DbError> = platform.db().write(|tx| {
        tx.execute("UPDATE ledger_account SET balance_fen = balance_fen - 1 WHERE code = '2002'", &[])
    });
    tampering.unwrap();
    let trial = platform.db().read(ledger::trial_balance).unwrap();
    assert_eq!(trial.differing_accounts, 1);
    assert!(!trial.is_sound());
}
