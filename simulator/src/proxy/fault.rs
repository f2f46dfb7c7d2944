//! What can be done to one exchange, and the script that says to which.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::{collections::VecDeque, time::Duration};

/// Requests remembered; a proxy that runs for days forgets the oldest.
const NOTED_MAX: usize = 100_000;

/// Something that happens to one request or its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request never reaches the platform.
    LoseRequest,
    /// The platform gets half of the request, then the connection ends.
    CutRequest,
    /// The platform has answered, and the answer is lost.
    LoseAnswer,
    /// The answer is held back.
    DelayAnswer(Duration),
    /// The connection is reset in the middle of the answer's body.
    ResetAnswer,
    /// The connection ends in good order in the middle of the answer's body.
    TruncateAnswer,
    /// The answer arrives a few bytes at a time.
    DripAnswer {
        /// Bytes at a time.
        piece: usize,
        /// Time between two pieces.
        every: Duration,
    },
    /// The platform gets the request twice, at the same time; the kiosk gets one of the answers.
    Duplicate,
    /// Somebody else answers 200 with a page of HTML, as in a hotel.
    Portal,
    /// Somebody else sends the kiosk elsewhere.
    Redirect,
    /// A gateway answers 503, and perhaps says when to come back.
    Unavailable {
        /// `Retry-After`, in seconds.
        retry_after_s: Option<u32>,
    },
    /// The certificate is of the right authority and for another host. Needs TLS; falls on a connection, before any
    /// request is known.
    WrongHost,
}

impl Fault {
    /// One of each kind, for a seed to draw from: short times, so that a kiosk notices within seconds.
    pub const ALL: [Fault; 12] = [
        Fault::LoseRequest,
        Fault::CutRequest,
        Fault::LoseAnswer,
        Fault::DelayAnswer(Duration::from_millis(800)),
        Fault::ResetAnswer,
        Fault::TruncateAnswer,
        Fault::DripAnswer { piece: 64, every: Duration::from_millis(50) },
        Fault::Duplicate,
        Fault::Portal,
        Fault::Redirect,
        Fault::Unavailable { retry_after_s: Some(1) },
        Fault::WrongHost,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::LoseRequest => "lose-request",
            Fault::CutRequest => "cut-request",
            Fault::LoseAnswer => "lose-answer",
            Fault::DelayAnswer(_) => "delay",
            Fault::ResetAnswer => "reset",
            Fault::TruncateAnswer => "truncate",
            Fault::DripAnswer { .. } => "drip",
            Fault::Duplicate => "duplicate",
            Fault::Portal => "portal",
            Fault::Redirect => "redirect",
            Fault::Unavailable { .. } => "unavailable",
            Fault::WrongHost => "wrong-host",
        }
    }

    /// The fault with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// A fault for the next requests whose path begins in a certain way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the path begins with; empty for every request.
    pub path: &'static str,
    /// What happens.
    pub fault: Fault,
    /// To how many of them.
    pub times: usize,
}

/// Faults by chance: the same seed and the same requests give the same faults.
#[derive(Clone, Debug)]
pub struct Weather {
    chance: ChaCha8Rng,
    faults: Vec<Fault>,
    one_in: u32,
}

/// A request that came by, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// `GET` or `POST`; empty for a handshake.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `None`: nothing, it was passed on.
    pub fault: Option<Fault>,
}

/// Decides about each request as it comes.
#[derive(Debug, Default)]
pub(super) struct Script {
    rules: VecDeque<Rule>,
    weather: Option<Weather>,
    noted: VecDeque<Noted>,
}

impl Weather {
    /// One of `faults` hits about one request in `one_in`.
    #[must_use]
    pub fn new(seed: u64, faults: Vec<Fault>, one_in: u32) -> Weather {
        Weather { chance: ChaCha8Rng::seed_from_u64(seed), faults, one_in: one_in.max(1) }
    }

    /// Handshakes are hit as often as requests are hit by any one of the other faults.
    fn draw_handshake(&mut self) -> bool {
        self.faults.contains(&Fault::WrongHost) && self.draw() == Some(Fault::WrongHost)
    }

    fn draw(&mut self) -> Option<Fault> {
        if self.faults.is_empty() || !self.chance.next_u32().is_multiple_of(self.one_in) {
            return None;
        }
        let place = self.chance.next_u32() as usize % self.faults.len();
        self.faults.get(place).copied()
    }
}

impl Script {
    pub(super) fn expect(&mut self, rule: Rule) {
        self.rules.push_back(rule);
    }

    pub(super) fn set_weather(&mut self, weather: Option<Weather>) {
        self.weather = weather;
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
        self.weather = None;
    }

    pub(super) fn noted(&mut self) -> &[Noted] {
        self.noted.make_contiguous()
    }

    /// The fault for a request: of the first rule that fits, else of the weather.
    pub(super) fn decide(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fits = |rule: &Rule| rule.fault != Fault::WrongHost && path.starts_with(rule.path);
        let drawn =
            |script: &mut Script| script.weather.as_mut()?.draw().filter(|fault| *fault != Fault::WrongHost);
        let fault = self.take(fits).or_else(|| drawn(self));
        self.note(Noted { method: method.to_owned(), path: path.to_owned(), fault });
        fault
    }

    /// True if the next connection is to be shown the wrong certificate. The weather draws for handshakes and requests
    /// apart.
    pub(super) fn decide_handshake(&mut self) -> bool {
        let drawn = |script: &mut Script| Some(script.weather.as_mut()?.draw_handshake());
        let told = self.take(|rule| rule.fault == Fault::WrongHost).is_some();
        let is_wrong = told || drawn(self).unwrap_or(false);
        if is_wrong {
            self.note(Noted { method: String::new(), path: String::new(), fault: Some(Fault::WrongHost) });
        }
        is_wrong
    }

    /// A request was sent to whoever showed the wrong certificate: no kiosk may do that.
    pub(super) fn note_overheard(&mut self, method: &str, path: &str) {
        self.note(Noted { method: method.to_owned(), path: path.to_owned(), fault: Some(Fault::WrongHost) });
    }

    /// Uses the first rule that fits once.
    fn take(&mut self, fits: impl Fn(&Rule) -> bool) -> Option<Fault> {
        let place = self.rules.iter().position(fits)?;
        let rule = self.rules.get_mut(place)?;
        let fault = rule.fault;
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            self.rules.remove(place);
        }
        Some(fault)
    }

    fn note(&mut self, noted: Noted) {
        if self.noted.len() >= NOTED_MAX {
            self.noted.pop_front();
        }
        self.noted.push_back(noted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_as_often_as_it_says_and_only_what_it_names() {
        let mut script = Script::default();
        script.expect(Rule { path: "/a", fault: Fault::Portal, times: 2 });
        script.expect(Rule { path: "", fault: Fault::LoseRequest, times: 1 });
        let decided: Vec<_> = ["/b", "/a/1", "/a", "/a"].map(|path| script.decide("GET", path)).into();
        assert_eq!(decided, [Some(Fault::LoseRequest), Some(Fault::Portal), Some(Fault::Portal), None]);
        assert_eq!(script.noted().len(), 4);
    }

    #[test]
    fn a_wrong_certificate_waits_for_a_handshake() {
        let mut script = Script::default();
        script.expect(Rule { path: "", fault: Fault::WrongHost, times: 1 });
        assert_eq!(script.decide("GET", "/"), None);
        assert!(script.decide_handshake());
        assert!(!script.decide_handshake());
    }

    #[test]
    fn the_same_seed_brings_the_same_weather_and_another_seed_another() {
        let faults = |seed| {
            let mut weather = Weather::new(seed, Fault::ALL.to_vec(), 3);
            (0..100).map(|_| weather.draw()).collect::<Vec<_>>()
        };
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
        let hit = faults(1).iter().flatten().count();
        assert!((20..50).contains(&hit), "{hit} of 100 requests, expected about 33");
    }

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(fault));
        }
    }
}
