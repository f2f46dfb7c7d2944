//! When which key signs: one key a Shanghai week, the next one known a week ahead, the last one accepted 96 h longer.
//!
//! Any kiosk that was offline for up to 72 h therefore already holds the key that signs now.

use domain::{
    ids::CityCode,
    key_ring::{KeyRing, RingKey},
    sealed::KeyId,
    time::{ShanghaiDay, UtcMillis},
};

/// How long a key is accepted after it stopped signing: 24 h overlap and 72 h a kiosk may be offline.
pub(in super::super) const OVERLAP_MS: i64 = (24 + 72) * 3_600_000;

/// A key of the ring without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct RingSlot {
    pub(in super::super) key_id: KeyId,
    pub(in super::super) public_key: [u8; 32],
    pub(in super::super) not_before: UtcMillis,
    pub(in super::super) signs_until: UtcMillis,
    pub(in super::super) not_after: UtcMillis,
}

/// A key that must be made: its id and the time it signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Wanted {
    pub(in super::super) key_id: KeyId,
    pub(in super::super) not_before: UtcMillis,
    pub(in super::super) signs_until: UtcMillis,
}

impl RingSlot {
    /// The slot of a key that is made for `wanted`.
    pub(in super::super) fn new(wanted: &Wanted, public_key: [u8; 32]) -> RingSlot {
        let not_after = wanted.signs_until.plus_ms(OVERLAP_MS);
        let Wanted { key_id, not_before, signs_until } = *wanted;
        RingSlot { key_id, public_key, not_before, signs_until, not_after }
    }

    fn signs_at(&self, now: UtcMillis) -> bool {
        self.not_before <= now && now < self.signs_until
    }
}

/// The key that signs at `now`: of several the one that began last.
pub(in super::super) fn signing(slots: &[RingSlot], now: UtcMillis) -> Option<&RingSlot> {
    slots.iter().filter(|slot| slot.signs_at(now)).max_by_key(|slot| (slot.not_before, slot.key_id))
}

/// The keys that are missing at `now`, given every id that was ever used: one for now, one for next week.
pub(in super::super) fn missing(slots: &[RingSlot], used: &[KeyId], now: UtcMillis) -> Vec<Wanted> {
    let monday = now.day().plus_days(1 - i64::from(now.day().weekday()));
    let mut wanted = Vec::new();
    if signing(slots, now).is_none() {
        // A key made in the middle of a week begins now: nobody held it before.
        wanted.push(wanted_for(monday, now, used));
    }
    let next_monday = monday.plus_days(7);
    if signing(slots, next_monday.start()).is_none() {
        wanted.push(wanted_for(next_monday, next_monday.start(), used));
    }
    wanted
}

fn wanted_for(monday: ShanghaiDay, not_before: UtcMillis, used: &[KeyId]) -> Wanted {
    let mut key_id = week_id(monday);
    while used.contains(&key_id) && key_id[3] < 0x99 {
        key_id[3] = to_bcd(from_bcd(key_id[3]) + 1);
    }
    Wanted { key_id, not_before, signs_until: monday.plus_days(7).start() }
}

/// Year and ISO week of a Monday in decimal digits, with index 01.
fn week_id(monday: ShanghaiDay) -> KeyId {
    // The ISO year of a week is the year of its Thursday, and the week's number counts the Thursdays of that year.
    let thursday = monday.plus_days(3);
    let year = thursday.start().shanghai().map_or(0, |clock| clock.year.clamp(0, 9999).unsigned_abs());
    let same_year = |weeks: &i64| {
        let earlier = thursday.plus_days(-7 * weeks).start().shanghai();
        earlier.is_some_and(|clock| clock.year.unsigned_abs() == year)
    };
    let week = (0..53).take_while(same_year).count();
    let two_digits = |number: u32| to_bcd(u8::try_from(number % 100).unwrap_or(0));
    [two_digits(year / 100), two_digits(year), to_bcd(u8::try_from(week).unwrap_or(0)), 0x01]
}

const fn to_bcd(number: u8) -> u8 {
    ((number / 10 % 10) << 4) | (number % 10)
}

const fn from_bcd(digits: u8) -> u8 {
    (digits >> 4) * 10 + (digits & 0x0f)
}

/// The ring kiosks get: keys that are accepted now or later, oldest first.
pub(in super::super) fn published(slots: &[RingSlot], version: u64, city: CityCode) -> KeyRing {
    let mut slots: Vec<&RingSlot> = slots.iter().collect();
    slots.sort_by_key(|slot| (slot.not_before, slot.key_id));
    let key = |slot: &RingSlot| RingKey {
        key_id: slot.key_id,
        public_key: slot.public_key,
        not_before: slot.not_before,
        not_after: slot.not_after,
    };
    KeyRing { version, city, keys: slots.into_iter().map(key).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis::parse_rfc3339(text).unwrap()
    }

    fn made(wanted: &[Wanted]) -> Vec<RingSlot> {
        wanted.iter().map(|wanted| RingSlot::new(wanted, [0; 32])).collect()
    }

    fn id_at(text: &str) -> KeyId {
        missing(&[], &[], at(text))[0].key_id
    }

    #[test]
    fn key_ids_spell_year_iso_week_and_index() {
        assert_eq!(id_at("2026-11-22T20:00:00+08:00"), [0x20, 0x26, 0x47, 0x01]);
        assert_eq!(id_at("2026-01-01T00:00:00+08:00"), [0x20, 0x26, 0x01, 0x01]);
        assert_eq!(id_at("2027-01-03T23:59:59+08:00"), [0x20, 0x26, 0x53, 0x01]);
        assert_eq!(id_at("2027-01-04T00:00:00+08:00"), [0x20, 0x27, 0x01, 0x01]);
        assert_eq!(id_at("2024-12-30T08:00:00+08:00"), [0x20, 0x25, 0x01, 0x01]);
    }

    #[test]
    fn an_empty_ring_wants_a_key_for_now_and_one_for_next_week() {
        let now = at("2026-11-18T12:00:00+08:00");
        let wanted = missing(&[], &[], now);
        let monday = at("2026-11-23T00:00:00+08:00");
        assert_eq!((wanted[0].not_before, wanted[0].signs_until), (now, monday));
        assert_eq!((wanted[1].key_id, wanted[1].not_before), ([0x20, 0x26, 0x48, 0x01], monday));
        assert_eq!(missing(&made(&wanted), &[], now), []);
    }

    #[test]
    fn every_key_is_known_four_days_before_it_signs_and_accepted_four_days_after() {
        let first = made(&missing(&[], &[], at("2026-11-18T12:00:00+08:00")));
        let monday = at("2026-11-23T00:00:00+08:00");
        assert_eq!(signing(&first, monday).unwrap().key_id, [0x20, 0x26, 0x48, 0x01]);
        let added = missing(&first, &[], monday);
        assert_eq!(added.len(), 1);
        assert!(added[0].not_before.since(monday) >= OVERLAP_MS);
        assert_eq!(first[0].not_after.since(first[0].signs_until), OVERLAP_MS);
    }

    #[test]
    fn an_emergency_key_of_the_same_week_takes_the_next_index() {
        let now = at("2026-11-18T12:00:00+08:00");
        let wanted = missing(&[], &[[0x20, 0x26, 0x47, 0x01]], now);
        assert_eq!(wanted[0].key_id, [0x20, 0x26, 0x47, 0x02]);
        let tenth: Vec<KeyId> = (1..=9).map(|index| [0x20, 0x26, 0x47, index]).collect();
        assert_eq!(missing(&[], &tenth, now)[0].key_id, [0x20, 0x26, 0x47, 0x10]);
    }
}
