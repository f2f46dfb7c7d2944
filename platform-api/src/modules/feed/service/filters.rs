//! The filters in the feed: built for the days a kiosk may be on its own, and again whenever the people in them change.
//!
//! A round reads who belongs into which filter, builds those that are missing or old outside of any transaction, and
//! writes them. What changes meanwhile is seen by the next round, a few seconds later.

use super::super::store;
use crate::{
    foundation::{
        act::Act,
        change_log::{self, Change},
        db::{DbError, Tx},
    },
    modules::{
        campaigns::{self, HoldOut},
        consumers::{self, Denied, Keys},
    },
};
use domain::{
    consumer_code::Pseudonym,
    ids::ConsumerId,
    person_filter::{FilterError, PersonFilter, Use},
    rotating_code::Link,
    time::{ShanghaiDay, UtcMillis},
};
use protocol::feed::{self, DENY, DenyRow, Fingerprint, HOLD_OUT, HoldOutRow, Row};

/// Days after today that kiosks hear of beforehand: as long as one may be cut off and still be lent stock.
const DAYS_AHEAD: i64 = 3;
/// Whoever took a consent back this long ago has no code left that was made before.
const WITHDRAWN_KEPT_MS: i64 = 4 * 86_400_000;
/// A pass lives for a day: what is taken back today may be shown until tomorrow.
const PASS_DAYS_AHEAD: i64 = 1;
/// Passes taken back within two days that kiosks are told of: 400 KB of filter. Past it the platform alone refuses.
const PASSES_MAX: u32 = 100_000;
/// Consumers read at once while drawing.
const CONSUMERS_MAX: u32 = 5_000;

/// Why the filters were not brought up to date.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum FiltersError {
    /// More people than a filter holds.
    #[error("a filter was not built")]
    Filter(#[from] FilterError),
    /// A row could not be written as JSON.
    #[error("a filter could not be written")]
    Encoding(#[from] serde_json::Error),
    /// The database failed.
    #[error("the filters were not read or saved")]
    Database(#[from] DbError),
}

/// A filter to be built: its people, and what stands for them.
enum Wanted {
    Deny(ShanghaiDay, (Denied, Vec<Link>), [u8; 16]),
    HoldOut(HoldOut, ShanghaiDay, Vec<ConsumerId>, [u8; 16]),
}

/// What is to be done in this round.
pub(in super::super) struct Round {
    wanted: Vec<Wanted>,
    gone: Vec<(String, String)>,
}

impl Round {
    /// True when everything is as it must be.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.gone.is_empty()
    }
}

/// A filter that is built, as it goes into the feed.
pub(in super::super) struct Built {
    change: feed::Change,
    people: [u8; 16],
}

/// Looks for filters that are missing, old, or of days past.
pub(in super::super) fn look(tx: &mut Tx<'_>, now: UtcMillis) -> Result<Round, DbError> {
    let days: Vec<ShanghaiDay> = (-1..=DAYS_AHEAD).map(|days| now.day().plus_days(days)).collect();
    let (mut wanted, mut named) = (Vec::new(), Vec::new());
    let denied = consumers::denied(tx, now.plus_ms(-WITHDRAWN_KEPT_MS))?;
    // Those that ended in the course of today stay until midnight, or the filters would be built anew for each of them.
    let revoked = consumers::revoked_passes(tx, now.day().start(), PASSES_MAX)?;
    for day in &days {
        let id = DenyRow::row_id(*day);
        let passes = if *day <= now.day().plus_days(PASS_DAYS_AHEAD) { revoked.clone() } else { Vec::new() };
        let people = mark_of(&denied, &passes);
        if store::people(tx, DENY, &id)? != Some(people) {
            wanted.push(Wanted::Deny(*day, (denied.clone(), passes), people));
        }
        named.push((DENY.to_owned(), id));
    }
    for hold_out in campaigns::hold_outs(tx, now)? {
        if now < hold_out.registered_before {
            // Whom to draw from is not settled yet, and nobody can claim for days.
            continue;
        }
        look_at(tx, &hold_out, (&days, &mut wanted, &mut named))?;
    }
    let gone = store::filters(tx)?.into_iter().filter(|filter| !named.contains(filter)).collect();
    Ok(Round { wanted, gone })
}

type Found<'a> = (&'a [ShanghaiDay], &'a mut Vec<Wanted>, &'a mut Vec<(String, String)>);

fn look_at(tx: &mut Tx<'_>, hold_out: &HoldOut, (days, wanted, named): Found<'_>) -> Result<(), DbError> {
    // Drawn once and for all, so a filter of a day is built once.
    let people = Fingerprint::of(hold_out.campaign.to_string().as_bytes()).to_bytes();
    let mut drawn: Option<Vec<ConsumerId>> = None;
    for day in days {
        let id = HoldOutRow::row_id(hold_out.campaign, *day);
        if store::people(tx, HOLD_OUT, &id)? != Some(people) {
            let drawn = match &drawn {
                Some(drawn) => drawn.clone(),
                None => drawn.insert(draw(tx, hold_out)?).clone(),
            };
            wanted.push(Wanted::HoldOut(hold_out.clone(), *day, drawn, people));
        }
        named.push((HOLD_OUT.to_owned(), id));
    }
    Ok(())
}

fn draw(tx: &mut Tx<'_>, hold_out: &HoldOut) -> Result<Vec<ConsumerId>, DbError> {
    let (mut drawn, mut after) = (Vec::new(), String::new());
    loop {
        let page = (after.as_str(), CONSUMERS_MAX);
        let consumers = consumers::registered_before(tx, hold_out.registered_before, page)?;
        let Some(last) = consumers.last() else { return Ok(drawn) };
        after = last.to_string();
        drawn.extend(consumers.into_iter().filter(|consumer| hold_out.draws(*consumer)));
    }
}

fn mark_of(denied: &Denied, passes: &[Link]) -> [u8; 16] {
    let names = |people: &[ConsumerId]| people.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut all = format!("{};{};", names(&denied.blocked), names(&denied.withdrawn)).into_bytes();
    all.extend_from_slice(passes.as_flattened());
    Fingerprint::of(&all).to_bytes()
}

/// Builds what a round found. Needs no database: it may take a while in a large city.
pub(in super::super) fn build(act: &Act, keys: &Keys, round: &Round) -> Result<Vec<Built>, FiltersError> {
    round.wanted.iter().map(|wanted| build_one(act, keys, wanted)).collect()
}

fn build_one(act: &Act, keys: &Keys, wanted: &Wanted) -> Result<Built, FiltersError> {
    let filter = |people: &[ConsumerId], day: ShanghaiDay, purpose: Use| {
        let people: Vec<Pseudonym> =
            people.iter().map(|consumer| consumers::pseudonym(keys, *consumer, day)).collect();
        PersonFilter::of(&people, act.chance(), purpose)
    };
    Ok(match wanted {
        Wanted::Deny(day, (denied, passes), people) => {
            let blocked = filter(&denied.blocked, *day, Use::Deny)?;
            let withdrawn = filter(&denied.withdrawn, *day, Use::Deny)?;
            let anchors: Vec<Pseudonym> = passes.iter().copied().map(DenyRow::pass).collect();
            let passes = PersonFilter::of(&anchors, act.chance(), Use::Deny)?;
            let row = Row::Deny(DenyRow { day: *day, blocked, withdrawn, passes });
            Built { change: feed::Change::put(DenyRow::row_id(*day), &row)?, people: *people }
        }
        Wanted::HoldOut(hold_out, day, drawn, people) => {
            let held_out = filter(drawn, *day, Use::HoldOut)?;
            let row = Row::HoldOut(HoldOutRow { campaign: hold_out.campaign, day: *day, held_out });
            let id = HoldOutRow::row_id(hold_out.campaign, *day);
            Built { change: feed::Change::put(id, &row)?, people: *people }
        }
    })
}

/// Puts what was built into the feed, and takes out what is over.
pub(in super::super) fn save(
    tx: &mut Tx<'_>,
    act: &Act,
    (built, round): (&[Built], &Round),
) -> Result<(), DbError> {
    for Built { change, people } in built {
        let body = change.row.as_ref().map(ToString::to_string);
        change_log::append(tx, act, &Change { kind: &change.kind, id: &change.id, scope: "city", body })?;
        store::put(tx, (&change.kind, &change.id), *people)?;
    }
    for (kind, id) in &round.gone {
        change_log::append(tx, act, &Change { kind, id, scope: "city", body: None })?;
        store::drop(tx, (kind, id))?;
    }
    Ok(())
}
