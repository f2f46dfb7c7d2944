//! The cable between a kiosk and the platform: how long things take, and what becomes of them.

use super::{
    chance::Dice,
    faults::{Faults, Kind},
};

/// A kiosk gives up on an answer after this time, as its transport does.
pub const TIMEOUT_MS: i64 = 20_000;
/// A request in this many out of 100,000 meets a fault while they are on.
const FAULTY: i64 = 5_000;

/// What becomes of one exchange. Every delay is on top of the way itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes through.
    Fine,
    /// The request never arrives.
    DropRequest,
    /// The answer never arrives.
    DropAnswer,
    /// The request arrives again, so much later.
    Duplicate(i64),
    /// The request takes so much longer.
    Delay(i64),
    /// The answer takes so much longer.
    DelayAnswer(i64),
    /// The request arrives after the kiosk has given up and asked again.
    Reorder(i64),
    /// Somebody else answers.
    Portal,
    /// The answer breaks off.
    Truncate,
    /// Nothing goes through for so long.
    Partition(i64),
}

impl Fate {
    /// The fault it is counted as.
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Fate::Fine => None,
            Fate::DropRequest => Some(Kind::DropRequest),
            Fate::DropAnswer => Some(Kind::DropAnswer),
            Fate::Duplicate(_) => Some(Kind::Duplicate),
            Fate::Delay(_) | Fate::DelayAnswer(_) => Some(Kind::Delay),
            Fate::Reorder(_) => Some(Kind::Reorder),
            Fate::Portal => Some(Kind::Portal),
            Fate::Truncate => Some(Kind::Truncate),
            Fate::Partition(_) => Some(Kind::Partition),
        }
    }
}

/// Draws the fate of a request sent now. Requests that move stock or promises meet more than heartbeats do.
pub fn draw(dice: &mut Dice, faults: &Faults, now_ms: i64, weighty: bool) -> Fate {
    let parts = if weighty { FAULTY * 4 } else { FAULTY };
    if !faults.may(Kind::DropRequest, now_ms) || !dice.chance(parts) {
        return Fate::Fine;
    }
    let long = dice.between(1_000, 10 * TIMEOUT_MS);
    let late = dice.between(TIMEOUT_MS + 1_000, 3 * TIMEOUT_MS);
    let choice = dice.weighted(&[
        (20, Fate::DropRequest),
        (25, Fate::DropAnswer),
        (15, Fate::Duplicate(long)),
        (8, Fate::Delay(long)),
        (7, Fate::DelayAnswer(long)),
        (10, Fate::Reorder(late)),
        (5, Fate::Portal),
        (5, Fate::Truncate),
        (5, Fate::Partition(0)),
    ]);
    match choice {
        Some(Fate::Partition(_)) => Fate::Partition(outage(dice)),
        Some(fate) => fate,
        None => Fate::Fine,
    }
}

/// Mostly seconds, now and then days: 1 s to 72 h.
fn outage(dice: &mut Dice) -> i64 {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 3_600_000;
    let (from, to) = dice
        .weighted(&[
            (300, (1_000, 10_000)),
            (300, (10_000, MINUTE)),
            (250, (MINUTE, 10 * MINUTE)),
            (100, (10 * MINUTE, HOUR)),
            (36, (HOUR, 6 * HOUR)),
            (12, (6 * HOUR, 30 * HOUR)),
            (2, (30 * HOUR, 72 * HOUR)),
        ])
        .unwrap_or((1_000, 10_000));
    dice.between(from, to)
}

/// How long one way takes when nothing is wrong.
pub fn way_ms(dice: &mut Dice) -> i64 {
    dice.between(15, 120)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::faults::Family;

    #[test]
    fn nothing_happens_to_requests_once_the_faults_are_over() {
        let faults = Faults::new(vec![Family::Network], 100);
        let mut dice = Dice::new(1, 1);
        assert!((0..1_000).any(|_| draw(&mut dice, &faults, 99, true) != Fate::Fine));
        assert!((0..1_000).all(|_| draw(&mut dice, &faults, 100, true) == Fate::Fine));
    }

    #[test]
    fn outages_last_from_seconds_to_three_days() {
        let mut dice = Dice::new(1, 1);
        let lengths: Vec<i64> = (0..20_000).map(|_| outage(&mut dice)).collect();
        assert!(lengths.iter().all(|length| (1_000..72 * 3_600_000).contains(length)));
        assert!(lengths.iter().any(|length| *length > 30 * 3_600_000));
    }
}
