//! What must be true: after every step what a step can break, every few hours and at the end everything.
//!
//! The platform's answers are heard before any cable can lose them, so what the platform has done is known even when
//! no kiosk knows it.

use super::{
    FleetError,
    city::{Reply, START},
    promises::{Harm, Promise, Word},
    store,
    town::{PERSON_DAY, PERSON_TOTAL},
    world::{Parcel, World},
};
use crate::words::chain;
use cloud_sync::{core::Link, transport::WireAnswer, wire::Call};
use platform_api::modules::{
    campaigns,
    ledger::{self, LedgerError},
};
use protocol::{
    outbox::{ClaimsAnswer, Verdict},
    signed::{Bound, Signed},
};
use std::collections::BTreeSet;

/// How often everything is counted.
pub const AUDIT_EVERY_MS: i64 = 6 * 3_600_000;
/// Batches of one campaign read at once: more than any town has.
const BATCHES_MAX: u32 = 100;

impl World {
    /// Hears what the platform answered, whoever else will.
    pub(super) fn heed(&mut self, parcel: &Parcel, answer: &WireAnswer) -> Result<(), FleetError> {
        if answer.status >= 500 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let what = format!("{} answered {}: {text}", parcel.request.path, answer.status);
            self.blame(Harm::Broken, "platform", Some(parcel.kiosk), what);
            return Ok(());
        }
        if answer.status != 200 {
            return Ok(());
        }
        match &parcel.call {
            Call::Claims(_) => {
                let signed: Signed = serde_json::from_slice(&answer.body).map_err(FleetError::Encoding)?;
                let bound: Bound<ClaimsAnswer> =
                    serde_json::from_str(&signed.body).map_err(FleetError::Encoding)?;
                for outcome in bound.answer.outcomes {
                    if let Some(place) = self.promises.of_event(outcome.event) {
                        self.heed_verdict(place, &outcome.verdict)?;
                    }
                }
                self.check_stock()
            }
            Call::Lease(_) | Call::Close(_) => self.check_stock(),
            Call::Enrol(_) | Call::Heartbeat(_) | Call::Feed(_) | Call::Media { .. } | Call::Confess(_) => {
                Ok(())
            }
        }
    }

    /// The platform has spoken about a promise: it may refuse only what it must.
    fn heed_verdict(&mut self, place: usize, verdict: &Verdict) -> Result<(), FleetError> {
        let Some(promise) = self.promises.get(place).cloned() else { return Ok(()) };
        match verdict {
            Verdict::Issued { .. } | Verdict::Suspect { .. } => {
                self.promises.set_word(place, Word::Confirmed);
                Ok(())
            }
            Verdict::Rejected { code } => {
                self.promises.set_word(place, Word::Refused);
                let allowed = match code.as_str() {
                    "USER_LIMIT" => self.is_at_limit(&promise)?,
                    "LEASE_RECLAIMED" => self.platform_now() >= promise.redeem_before,
                    _ => false,
                };
                if !allowed || promise.word == Word::Confirmed {
                    let what = format!("the report of promise {place} was refused: {code}");
                    self.break_promise(place, &promise, what);
                }
                Ok(())
            }
            Verdict::Unknown => Ok(()),
        }
    }

    fn is_at_limit(&mut self, promise: &Promise) -> Result<bool, FleetError> {
        let owner = self.town.shoppers[promise.shopper].id;
        let batch = self.town.batches[promise.batch].id;
        let day = promise.claimed_at.day();
        let (total, that_day) = self.city.db().read(move |tx| store::held(tx, owner, batch, day))?;
        Ok(total >= i64::from(PERSON_TOTAL) || that_day >= i64::from(PERSON_DAY))
    }

    /// Compares what a till said with what the shopper was shown.
    pub(super) fn judge(&mut self, place: usize, attempt: u32, reply: &Reply) -> Result<(), FleetError> {
        let Some(promise) = self.promises.get(place).cloned() else { return Ok(()) };
        if reply.status == 201 {
            self.count("honoured");
            self.note(Some(promise.kiosk), format_args!("promise {place} is honoured"));
            if let Some(harm) = self.promises.honoured(place, self.now_ms, (PERSON_TOTAL, PERSON_DAY)) {
                let what = format!("promise {place} of {} was honoured", promise.shopper);
                self.blame(harm, "I2, rule 3", Some(promise.kiosk), what);
            }
            return self.check_stock();
        }
        let now = self.platform_now();
        let confirmed = promise.word == Word::Confirmed;
        let code = reply.code();
        let allowed = match code {
            "STORE_SUSPENDED" => return self.come_back(place, attempt, "the merchant is suspended"),
            "ALREADY_REDEEMED" => promise.honoured_ms.is_some(),
            "VOUCHER_ENDED" => !confirmed && now >= promise.redeem_before,
            "COUPON_EXPIRED" => now >= promise.ends_at,
            "USER_LIMIT" => !confirmed && self.is_at_limit(&promise)?,
            _ => false,
        };
        self.count("refused_at_tills");
        self.note(Some(promise.kiosk), format_args!("promise {place} is refused: {code}"));
        if reply.status >= 500 {
            self.broken(Some(promise.kiosk), "a till", reply);
        } else if !allowed {
            let what = format!(
                "promise {place} (until {} s from now) was refused at the till: {code}",
                promise.redeem_before.since(now) / 1_000
            );
            self.break_promise(place, &promise, what);
        }
        Ok(())
    }

    /// A promise was not kept; one is broken once, however often that shows.
    fn break_promise(&mut self, place: usize, promise: &Promise, what: String) {
        if !self.promises.broken(place) {
            return;
        }
        let what = format!("{what}; lease {} slot {}", promise.lease, promise.slot);
        self.blame(Harm::Lost, "I3", Some(promise.kiosk), what);
    }

    /// Two vouchers stand for one slot.
    pub(super) fn twin(&mut self, kiosk: usize, place: usize, before: usize) {
        let what = format!("promises {before} and {place} stand for one slot");
        self.blame(Harm::Doubled, "rule 3", Some(kiosk), what);
    }

    /// The platform did what it must never do.
    pub(super) fn broken(&mut self, kiosk: Option<usize>, what: &str, reply: &Reply) {
        let what = format!("{what}: {} {}", reply.status, reply.json);
        self.blame(Harm::Broken, "platform", kiosk, what);
    }

    /// I4, cheaply: free + lent + issued = stock in every batch.
    pub(super) fn check_stock(&mut self) -> Result<(), FleetError> {
        let stocks = self.city.db().read(store::stocks)?;
        for stock in stocks {
            if stock.free + stock.leased + stock.issued != stock.total || stock.free < 0 || stock.leased < 0 {
                self.blame(Harm::Broken, "I4", None, format!("{stock:?}"));
            }
        }
        Ok(())
    }

    /// Everything, and again in a few hours.
    pub(super) fn audit(&mut self) -> Result<(), FleetError> {
        self.city.set_now(self.now_ms);
        self.audit_books()?;
        self.audit_promises()?;
        self.at(self.now_ms + AUDIT_EVERY_MS, super::world::Event::Audit);
        Ok(())
    }

    /// I4 in depth, and money: what leases and coupons say is what batches and ledger say.
    fn audit_books(&mut self) -> Result<(), FleetError> {
        let campaign = self.town.campaign;
        let audited = self.city.db().read(move |tx| {
            let mut faults: Vec<String> = Vec::new();
            for stock in store::stocks(tx)? {
                let (leased, coupons) = (store::leased(tx, stock.batch)?, store::coupons(tx, stock.batch)?);
                if leased != stock.leased || coupons != stock.issued {
                    faults.push(format!("{stock:?}, but {leased} in leases and {coupons} coupons"));
                }
            }
            let books = ledger::trial_balance(tx)?;
            if !books.is_sound() {
                faults.push(format!("the ledger: {books:?}"));
            }
            let money = ledger::campaign_balances(tx, campaign)?;
            let parts = [money.available_fen, money.reserved_fen, money.spent_fen, money.returned_fen];
            if domain::money::sum(parts) != Some(money.allocated_fen) {
                faults.push(format!("the budget: {money:?}"));
            }
            let batches = campaigns::batches(tx, campaign, ("", BATCHES_MAX))?;
            if domain::money::sum(batches.iter().map(|batch| batch.spent_fen)) != Some(money.spent_fen) {
                faults.push(format!("batches and ledger differ about {money:?}"));
            }
            for batch in batches.iter().filter(|batch| batch.spent_fen > batch.committed_fen) {
                faults.push(format!("batch {} cost more than was approved", batch.id));
            }
            Ok::<_, LedgerError>((faults, format!("spent {} fen", money.spent_fen.get())))
        });
        let (faults, lines) = audited.map_err(|error| FleetError::Platform(chain(&error)))?;
        self.note(None, format_args!("audit: {lines}"));
        for fault in faults {
            self.blame(Harm::Broken, "I4, money", None, fault);
        }
        Ok(())
    }

    /// I1: what is in wallets and what may still be shown to a till is no more than there is. I5: what was confirmed
    /// is there.
    fn audit_promises(&mut self) -> Result<(), FleetError> {
        let slots: BTreeSet<_> = self.city.db().read(store::slots)?.into_iter().collect();
        let now = self.platform_now();
        let mut open = vec![0_i64; self.town.batches.len()];
        let mut missing = Vec::new();
        for (place, promise) in self.promises.all().iter().enumerate() {
            let on_ledger = slots.contains(&(promise.lease, promise.slot));
            if !on_ledger && promise.word == Word::Confirmed {
                missing.push((place, promise.clone()));
            }
            if !on_ledger && promise.word == Word::None && now < promise.redeem_before {
                open[promise.batch] += 1;
            }
        }
        for (place, promise) in missing {
            self.break_promise(place, &promise, format!("promise {place} was confirmed and is no coupon"));
        }
        for stock in self.city.db().read(store::stocks)? {
            let Some(batch) = self.town.batch(stock.batch) else { continue };
            let open = if self.setting.is_apart() { 0 } else { open[batch] };
            if stock.issued + open > stock.total {
                let what = format!("batch {batch}: {open} promises are open, {stock:?}");
                self.blame(Harm::OverIssued, "I1", None, what);
            }
        }
        Ok(())
    }

    /// After the last fault every kiosk is back soon.
    pub(super) fn check_live(&mut self) {
        for kiosk in 0..self.kiosks.len() {
            if !self.is_live(kiosk) {
                let needs = self.kiosks[kiosk].process.as_ref().map(|process| process.needs_pairing);
                let what = format!("not live: link {:?}, needs pairing {needs:?}", self.kiosks[kiosk].link);
                self.blame(Harm::Stuck, "live in 60 s", Some(kiosk), what);
            }
        }
    }

    fn is_live(&self, kiosk: usize) -> bool {
        let place = &self.kiosks[kiosk];
        let paired = place.process.as_ref().is_some_and(|process| !process.needs_pairing);
        paired && place.link == Some(Link::Online)
    }

    /// When every R has passed nothing is open any more.
    pub(super) fn check_end(&mut self) -> Result<(), FleetError> {
        if !self.is_sound() {
            return Ok(());
        }
        self.check_live();
        self.audit_books()?;
        self.audit_promises()?;
        for kiosk in 0..self.kiosks.len() {
            let now = START.plus_ms(self.now_ms);
            let facts = self.kiosks[kiosk].process.as_ref().map(|process| process.store.facts(now));
            let rows = facts.and_then(Result::ok).map(|facts| facts.outbox_rows);
            if rows != Some(0) {
                self.blame(Harm::Stuck, "I5", Some(kiosk), format!("its outbox holds {rows:?}"));
            }
        }
        self.check_bound();
        for stock in self.city.db().read(store::stocks)? {
            if stock.leased != 0 || stock.free + stock.issued != stock.total {
                self.blame(Harm::Stuck, "I5", None, format!("past every R: {stock:?}"));
            }
        }
        Ok(())
    }
}
