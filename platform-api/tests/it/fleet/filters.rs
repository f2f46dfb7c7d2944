//! The filters in the feed: who is turned away, whose tags are not used, to whom a campaign is not shown.

use crate::{
    harness::{Platform, logged},
    town::{SEED, Town},
};
use domain::{
    consumer_code::Pseudonym,
    ids::{CampaignId, ConsumerId},
    money::Fen,
    rotating_code::{self, STEPS_MAX},
    time::ShanghaiDay,
};
use platform_api::{
    foundation::act::Actor,
    modules::{
        campaigns::{self, NewCampaign},
        consumers::{self, ConsumersError, Keys, Purpose},
    },
};
use protocol::feed::{Change, DenyRow, HoldOutRow, Reading, Row};

const DAY_MS: i64 = 86_400_000;

fn refresh(platform: &Platform) {
    let job = platform_api::jobs().into_iter().find(|job| job.name == "feed.filters").unwrap();
    (job.run)(&platform.app).unwrap();
}

fn rows(platform: &Platform) -> Vec<Row> {
    let read = |change: platform_api::foundation::change_log::LoggedChange| {
        let row = serde_json::from_str(&change.body?).unwrap();
        match (Change { kind: change.kind, id: change.id, row: Some(row) }).read() {
            Reading::Put(row) => Some(row),
            Reading::Drop | Reading::NotUnderstood => None,
        }
    };
    logged(platform.db()).into_iter().filter_map(read).collect()
}

fn deny(platform: &Platform) -> Vec<DenyRow> {
    let deny = |row| if let Row::Deny(row) = row { Some(row) } else { None };
    rows(platform).into_iter().filter_map(deny).collect()
}

fn hold_outs(platform: &Platform) -> Vec<HoldOutRow> {
    let hold_out = |row| if let Row::HoldOut(row) = row { Some(row) } else { None };
    rows(platform).into_iter().filter_map(hold_out).collect()
}

fn pseudonym(town: &Town, consumer: ConsumerId, day: ShanghaiDay) -> Pseudonym {
    consumers::pseudonym(&Keys::of(&town.platform.app).unwrap(), consumer, day)
}

fn block(town: &Town, consumer: ConsumerId, blocked: bool) {
    town.write(SEED, move |tx, act| consumers::set_blocked(tx, act, consumer, (blocked, "多账号套取")));
}

#[tokio::test]
async fn whoever_is_blocked_is_in_the_filters_of_the_coming_days_until_admitted_again() {
    let town = Town::new().await;
    let (person, other) = (town.person("13800000001").id, town.person("13800000002").id);
    block(&town, person, true);
    refresh(&town.platform);
    let today = town.platform.app.clock.now().day();
    let filters = deny(&town.platform);
    assert_eq!(filters.iter().map(|row| row.day.get() - today.get()).collect::<Vec<_>>(), [-1, 0, 1, 2, 3]);
    for row in &filters {
        assert!(row.blocked.contains(pseudonym(&town, person, row.day)));
        assert!(!row.blocked.contains(pseudonym(&town, other, row.day)));
        assert!(!row.withdrawn.contains(pseudonym(&town, person, row.day)));
    }
    let keys = Keys::of(&town.platform.app).unwrap();
    let act = town.platform.act(Actor::System("test"));
    let code = town
        .platform
        .db()
        .write(move |tx| consumers::current_identify_code(tx, &act, &keys, person).map(drop));
    assert!(matches!(code, Err(ConsumersError::Blocked)), "nor does the phone get a new code");
    block(&town, person, false);
    refresh(&town.platform);
    assert!(deny(&town.platform).iter().all(|row| !row.blocked.contains(pseudonym(&town, person, row.day))));
}

#[tokio::test]
async fn whoever_took_a_consent_back_is_known_to_kiosks_at_the_next_round_unless_it_was_given_again() {
    let town = Town::new().await;
    let person = town.person("13800000001").id;
    let give = move |town: &Town| {
        town.write(SEED, move |tx, act| {
            consumers::grant_consent(tx, act, person, (Purpose::Personalised, 1))
        });
    };
    give(&town);
    refresh(&town.platform);
    town.write(SEED, move |tx, act| consumers::withdraw_consent(tx, act, person, Purpose::Personalised));
    refresh(&town.platform);
    let is_withdrawn =
        || deny(&town.platform).iter().all(|row| row.withdrawn.contains(pseudonym(&town, person, row.day)));
    assert!(is_withdrawn());
    give(&town);
    refresh(&town.platform);
    assert!(!is_withdrawn());
}

#[tokio::test]
async fn passes_taken_back_are_in_the_filters_of_the_days_their_codes_may_be_shown_on() {
    let town = Town::new().await;
    let (person, other) = (town.person("13800000001").id, town.person("13800000002").id);
    let pass_of = |consumer| {
        let keys = Keys::of(&town.platform.app).unwrap();
        let shown = town.write(SEED, move |tx, act| consumers::issue_pass(tx, act, &keys, consumer));
        rotating_code::anchor(shown.pseudonym, shown.secret, STEPS_MAX)
    };
    let (before, others) = (pass_of(person), pass_of(other));
    block(&town, person, true);
    block(&town, person, false);
    let after = pass_of(person);
    refresh(&town.platform);
    let today = town.platform.app.clock.now().day();
    for row in deny(&town.platform) {
        let is_in = |anchor| row.passes.contains(DenyRow::pass(anchor));
        assert_eq!(is_in(before), row.day <= today.plus_days(1), "day {}", row.day.get() - today.get());
        assert!(!is_in(others) && !is_in(after));
    }
    town.platform.clock.advance_ms(2 * DAY_MS);
    refresh(&town.platform);
    assert!(deny(&town.platform).iter().all(|row| row.passes.bits().is_empty()), "over anyway");
}

#[tokio::test]
async fn a_round_without_news_writes_nothing_and_days_past_are_taken_out() {
    let town = Town::new().await;
    refresh(&town.platform);
    let before = logged(town.platform.db()).len();
    let head = || logged(town.platform.db()).last().unwrap().seq;
    let seen = head();
    refresh(&town.platform);
    assert_eq!((logged(town.platform.db()).len(), head()), (before, seen));
    town.platform.clock.advance_ms(DAY_MS);
    refresh(&town.platform);
    let today = town.platform.app.clock.now().day();
    let days: Vec<i64> = deny(&town.platform).iter().map(|row| row.day.get() - today.get()).collect();
    assert_eq!(days.len(), 5);
    assert!(days.iter().all(|day| (-1..=3).contains(day)), "{days:?}");
    assert_eq!(head(), seen + 2, "one new day and one tombstone");
}

fn campaign(town: &Town, holdout_bp: u32) -> CampaignId {
    let from_at = town.platform.app.clock.now().plus_ms(4 * DAY_MS);
    let new = NewCampaign {
        fund: town.fund,
        name: "试验".to_owned(),
        purpose: "评估成效".to_owned(),
        budget_fen: Fen::new(1_000),
        from_at,
        until_at: from_at.plus_ms(10 * DAY_MS),
        holdout_bp,
    };
    town.write(SEED, move |tx, act| campaigns::allocate(tx, act, &new)).id
}

#[tokio::test]
async fn the_part_that_is_held_out_is_drawn_from_those_registered_before() {
    let town = Town::new().await;
    let person = town.person("13800000001").id;
    town.platform.clock.advance_ms(DAY_MS);
    let (everybody, nobody) = (campaign(&town, 10_000), campaign(&town, 0));
    let newcomer = town.person("13800000002").id;
    refresh(&town.platform);
    let rows = hold_outs(&town.platform);
    assert_eq!(rows.len(), 5, "one a day");
    for row in &rows {
        assert_eq!(row.campaign, everybody);
        assert!(row.held_out.contains(pseudonym(&town, person, row.day)));
        assert!(!row.held_out.contains(pseudonym(&town, newcomer, row.day)));
    }
    assert_ne!(everybody, nobody);
    town.platform.clock.advance_ms(15 * DAY_MS);
    refresh(&town.platform);
    assert!(hold_outs(&town.platform).is_empty(), "the campaign is over");
}

#[tokio::test]
async fn about_as_many_are_drawn_as_the_campaign_says_and_each_campaign_draws_anew() {
    let town = Town::new().await;
    town.platform.clock.advance_ms(DAY_MS);
    for _ in 0..2 {
        campaign(&town, 500);
    }
    let now = town.platform.app.clock.now();
    let drawn = town.platform.db().read(move |tx| campaigns::hold_outs(tx, now)).unwrap();
    let people: Vec<ConsumerId> = (0..4_000_u32)
        .map(|number| {
            let mut bytes = [9; 16];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            ConsumerId::from_bytes(bytes)
        })
        .collect();
    let counts: Vec<usize> = drawn
        .iter()
        .map(|hold_out| people.iter().filter(|person| hold_out.draws(**person)).count())
        .collect();
    assert!(counts.iter().all(|count| (140..=260).contains(count)), "{counts:?} of 4,000 at 5 %");
    let both = people.iter().filter(|person| drawn.iter().all(|hold_out| hold_out.draws(**person))).count();
    assert!(both < 40, "{both} people are held out from both");
}
