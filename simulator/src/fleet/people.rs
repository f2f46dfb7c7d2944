//! Shoppers: they come, hold their code before a camera, choose an offer, and go to a till with what they were shown.

use super::{
    FleetError,
    city::Asking,
    faults::Kind,
    promises::{Promise, Word},
    town::BILL_FEN,
    world::{Event, World},
};
use cloud_sync::{
    core,
    store::{ClaimError, ClaimOrder, ClaimedVoucher, SessionOpening},
};
use domain::{
    consumer_code::{CodeHead, verify_identify},
    ids::BatchId,
};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;
/// Codes remembered for somebody to try again.
const OLD_CODES_MAX: usize = 64;

/// Somebody before a kiosk.
pub struct Guest {
    /// Who it is.
    pub shopper: usize,
    /// The code on the phone, or what is held up instead.
    pub code: String,
    /// What is done with it.
    pub trick: Option<Kind>,
    /// The head of the believed code, once the session is open.
    pub head: Option<CodeHead>,
    /// Offers still to be chosen.
    pub wishes: u32,
}

impl World {
    /// A shopper comes, and the next one is on the way.
    pub(super) fn visit(&mut self, kiosk: usize) -> Result<(), FleetError> {
        let next_ms = self.next_visit_ms();
        self.at(next_ms, Event::Visit { kiosk });
        if self.now_ms >= self.setting.faults_until_ms() + super::world::LIVE_MS_MAX {
            return Ok(());
        }
        let shopper = self.people.index(self.town.shoppers.len());
        let Some(code) = self.phone_code(shopper)? else {
            self.count("visits_without_a_code");
            return Ok(());
        };
        self.count("visits");
        let wishes = if self.people.chance(30_000) { 2 } else { 1 };
        let mut guest = Guest { shopper, code, trick: None, head: None, wishes };
        self.maybe_rotate_key(kiosk)?;
        self.maybe_trick(kiosk, &mut guest);
        if guest.trick.is_none() {
            if self.old_codes.len() == OLD_CODES_MAX {
                self.old_codes.remove(0);
            }
            self.old_codes.push((guest.shopper, guest.code.clone()));
        }
        let at_ms = self.now_ms + self.people.between(2_000, 20_000);
        self.at(at_ms, Event::Scan { kiosk, guest: Box::new(guest) });
        Ok(())
    }

    /// Malls open at ten and close at ten; at noon and at six they are full.
    fn next_visit_ms(&mut self) -> i64 {
        // A world begins when the malls open.
        let (day_ms, hour) = (24 * HOUR_MS, self.now_ms / HOUR_MS % 24 + 10);
        if hour >= 22 {
            let opening = (self.now_ms / day_ms + 1) * day_ms;
            return opening + self.people.between(0, HOUR_MS);
        }
        let pause_ms = if hour == 12 || hour == 18 { HOUR_MS / 4 } else { HOUR_MS * 3 / 5 };
        self.now_ms + self.people.between(pause_ms / 3, pause_ms * 5 / 3)
    }

    /// What the phone shows now; nothing while the platform is down.
    fn phone_code(&mut self, shopper: usize) -> Result<Option<String>, FleetError> {
        let Some(instance) = self.instance() else { return Ok(None) };
        self.city.set_now(self.now_ms);
        let Some(person) = self.town.shoppers.get(shopper) else { return Ok(None) };
        let asking = Asking { token: &person.token, path: "/api/c/v1/crowd-code", key: "", body: None };
        let reply = self.city.ask(instance, &asking)?;
        if reply.status != 200 {
            self.broken(None, "a phone gets no code", &reply);
        }
        Ok(reply.json["text"].as_str().map(str::to_owned))
    }

    /// Now and then somebody holds up something else.
    fn maybe_trick(&mut self, kiosk: usize, guest: &mut Guest) {
        if !self.faults.may(Kind::Forged, self.now_ms) || !self.misfortune.chance(20_000) {
            return;
        }
        let old = self.misfortune.index(self.old_codes.len());
        let old = self.old_codes.get(old).cloned();
        let other = (0..self.kiosks.len())
            .cycle()
            .skip(kiosk + 1)
            .find(|other| *other == kiosk || self.kiosks[*other].mall == self.kiosks[kiosk].mall);
        let choice = self.misfortune.weighted(&[
            (20, Kind::Forged),
            (20, Kind::Expired),
            (20, Kind::Replayed),
            (10, Kind::Huge),
            (20, Kind::TwoKiosks),
            (10, Kind::Screenshot),
        ]);
        guest.trick = choice;
        match (choice, old) {
            (Some(Kind::Forged), _) => guest.code = forge(&guest.code),
            (Some(Kind::Huge), _) => guest.code = "CX1:".to_owned() + &"A".repeat(4_096),
            // It may still live: then it opens the session of whose code it is, and that person's is the promise.
            (Some(Kind::Expired), Some((shopper, old))) => (guest.shopper, guest.code) = (shopper, old),
            (Some(Kind::TwoKiosks), _) => {
                if let Some(other) = other.filter(|other| *other != kiosk) {
                    let twin = Guest { code: guest.code.clone(), trick: Some(Kind::TwoKiosks), ..*guest };
                    let at_ms = self.now_ms + self.people.between(10_000, 60_000);
                    self.at(at_ms, Event::Scan { kiosk: other, guest: Box::new(twin) });
                }
            }
            (Some(Kind::Replayed | Kind::Screenshot), _) => {
                let wait_ms = if choice == Some(Kind::Replayed) {
                    30_000
                } else {
                    self.people.between(100_000, 135_000)
                };
                let twin = Guest { code: guest.code.clone(), trick: choice, ..*guest };
                self.at(self.now_ms + wait_ms, Event::Scan { kiosk, guest: Box::new(twin) });
                // The first showing is an honest one.
                guest.trick = None;
            }
            (Some(_) | None, _) => guest.trick = None,
        }
    }

    /// A code is held before the camera.
    pub(super) fn scan(&mut self, kiosk: usize, mut guest: Guest) -> Result<(), FleetError> {
        let Some(at) = self.kiosks[kiosk].screen_now(self.now_ms) else { return Ok(()) };
        let life = self.kiosks[kiosk].life;
        let Some(process) = self.kiosks[kiosk].process.as_mut() else { return Ok(()) };
        let catalogue = process.store.catalogue();
        let Some(ring) = &catalogue.ring else { return Ok(()) };
        let believed = verify_identify(guest.code.as_bytes(), ring, at);
        if let Some(trick) = guest.trick {
            self.hit(trick, Some(kiosk));
        }
        let Ok(code) = believed else {
            self.count("codes_refused");
            return Ok(());
        };
        if matches!(guest.trick, Some(Kind::Forged | Kind::Huge)) {
            let what = format!("a code nobody signed was believed: {:?}", guest.trick);
            self.blame(super::promises::Harm::Broken, "input", Some(kiosk), what);
        }
        self.disk_misfortune(kiosk);
        let Some(process) = self.kiosks[kiosk].process.as_mut() else { return Ok(()) };
        let opening = process.store.open_session(&code.head);
        if !self.disk_held(kiosk)? {
            return Ok(());
        }
        if !matches!(opening, Ok(SessionOpening::Opened)) {
            self.count("sessions_refused");
            return Ok(());
        }
        if self.strikes(Kind::Panic, 400, Some(kiosk)) {
            self.kill(kiosk);
            return Ok(());
        }
        guest.head = Some(code.head);
        let at_ms = self.now_ms + self.people.between(2_000, 15_000);
        self.maybe_meddle(kiosk)?;
        self.at(at_ms, Event::Claim { kiosk, life, guest: Box::new(guest) });
        Ok(())
    }

    /// A finger chooses an offer: the promise is on disk before anybody sees it.
    pub(super) fn claim(&mut self, kiosk: usize, life: u32, mut guest: Guest) -> Result<(), FleetError> {
        let (Some(at), Some(head)) = (self.kiosks[kiosk].screen_now(self.now_ms), guest.head) else {
            return Ok(());
        };
        if self.kiosks[kiosk].life != life {
            return Ok(());
        }
        let Some(batch) = self.choose_offer(kiosk) else { return Ok(()) };
        let order = ClaimOrder { batch, pseudonym: head.pseudonym, event: self.new_event() };
        self.disk_misfortune(kiosk);
        let Some(process) = self.kiosks[kiosk].process.as_mut() else { return Ok(()) };
        let claimed = process.store.claim(&order, at);
        if !self.disk_held(kiosk)? {
            return Ok(());
        }
        match claimed {
            Ok(voucher) => {
                if self.strikes(Kind::KillBeforeShow, 2_500, Some(kiosk)) {
                    self.kill(kiosk);
                    return Ok(());
                }
                self.show(kiosk, &guest, &voucher);
                self.drive(kiosk, core::Event::Nudged)?;
            }
            Err(ClaimError::Refused(refused)) => {
                self.note(Some(kiosk), format_args!("refuses a claim: {refused}"));
                self.count("claims_refused");
            }
            Err(ClaimError::Store(error)) => {
                self.note(Some(kiosk), format_args!("cannot record a claim: {error}"));
                self.count("claims_not_recorded");
            }
        }
        guest.wishes -= 1;
        if guest.wishes > 0 {
            let at_ms = self.now_ms + self.people.between(2_000, 10_000);
            self.at(at_ms, Event::Claim { kiosk, life, guest: Box::new(guest) });
        }
        Ok(())
    }

    /// Any offer on the screen.
    fn choose_offer(&mut self, kiosk: usize) -> Option<BatchId> {
        let catalogue = self.kiosks[kiosk].process.as_ref()?.store.catalogue();
        let offers: Vec<BatchId> =
            catalogue.batches.values().filter(|batch| batch.active).map(|batch| batch.id).collect();
        let place = self.people.index(offers.len());
        offers.get(place).copied()
    }

    fn show(&mut self, kiosk: usize, guest: &Guest, voucher: &ClaimedVoucher) {
        let Some(batch) = self.town.batch(voucher.batch) else { return };
        let valid = domain::time::UtcMillis::from_seconds(voucher.claimed_at.seconds());
        let promise = Promise {
            shopper: guest.shopper,
            batch,
            kiosk,
            lease: voucher.lease,
            slot: voucher.slot,
            event: voucher.event,
            text: voucher.text.clone(),
            claimed_at: voucher.claimed_at,
            redeem_before: domain::time::UtcMillis::from_seconds(voucher.redeem_before.seconds()),
            ends_at: super::town::ends_at(valid),
            honoured_ms: None,
            word: Word::None,
        };
        self.note(
            Some(kiosk),
            format_args!("shows {}/{} of batch {batch} to {}", voucher.lease, voucher.slot, guest.shopper),
        );
        let (place, before) = self.promises.shown(promise);
        self.count("shown");
        if let Some(before) = before {
            self.twin(kiosk, place, before);
        }
        if self.people.chance(75_000) {
            let wait_ms = match self.people.index(4) {
                0 => self.people.between(60_000, 30 * 60_000),
                1 => self.people.between(HOUR_MS, 4 * HOUR_MS),
                2 => self.people.between(4 * HOUR_MS, 26 * HOUR_MS),
                // At the last moment: an hour or less before the printed end.
                _ => {
                    let left_ms = voucher.redeem_before.since(self.platform_now());
                    left_ms - self.people.between(1_000, HOUR_MS)
                }
            };
            self.at(self.now_ms + wait_ms, Event::Redeem { promise: place, attempt: 0 });
        }
    }

    /// A shopper is at a till with what they were shown.
    pub(super) fn redeem(&mut self, place: usize, attempt: u32) -> Result<(), FleetError> {
        let Some(promise) = self.promises.get(place).cloned() else { return Ok(()) };
        let Some(code) = self.phone_code(promise.shopper)? else {
            return self.come_back(place, attempt, "the platform is down");
        };
        let Some(instance) = self.instance() else { return Ok(()) };
        let till = self.town.till_for(promise.batch, promise.shopper).unwrap_or(0);
        self.maybe_suspend(till)?;
        let (key, token) = (self.next_key(), self.town.tills[till].token.clone());
        let body = json!({
            "code": promise.text, "holder_code": code, "store": self.town.tills[till].store, "bill_fen": BILL_FEN,
        });
        let asking =
            Asking { token: &token, path: "/api/m/v1/redemptions/confirm", key: &key, body: Some(body) };
        let mut reply = self.city.ask(instance, &asking)?;
        if self.faults.may(Kind::DropAnswer, self.now_ms) && self.misfortune.chance(5_000) {
            // The till's answer is lost; it asks again with the same key.
            self.hit(Kind::DropAnswer, None);
            let again = self.city.ask(instance, &asking)?;
            if (again.status, &again.json["id"]) != (reply.status, &reply.json["id"]) {
                let what = format!("a till asked twice with one key: {} then {}", reply.json, again.json);
                self.blame(super::promises::Harm::Doubled, "idempotency", None, what);
            }
            reply = again;
        }
        self.judge(place, attempt, &reply)
    }

    /// Tries again later, a few times.
    pub(super) fn come_back(&mut self, place: usize, attempt: u32, why: &str) -> Result<(), FleetError> {
        self.note(None, format_args!("promise {place} waits: {why}"));
        if attempt < 8 {
            let at_ms = self.now_ms + self.people.between(10_000, 120_000);
            self.at(at_ms, Event::Redeem { promise: place, attempt: attempt + 1 });
        }
        Ok(())
    }
}

/// Changes one letter in the middle.
fn forge(code: &str) -> String {
    let middle = code.len() / 2;
    let swap = |(place, letter): (usize, char)| match (place == middle, letter) {
        (true, 'A') => 'B',
        (true, _) => 'A',
        (false, letter) => letter,
    };
    code.chars().enumerate().map(swap).collect()
}
