//! The reference: what must be true of the lease protocol, tried in every order in which things can happen.
//!
//! Two kiosks, two people and a stock of two, with messages lost, doubled and overtaken, crashes, a disk lost, clocks that
//! are wrong: all states that can be reached are visited, and I1 to I5 are asked of each. The same search with one rule
//! broken (a mutant) must find a state where an invariant does not hold; otherwise the model sees nothing.
//! `docs/OFFLINE.md` tells the protocol and how to read a trace.

mod invariants;
mod kiosk;
mod platform;
mod scope;
mod search;
mod state;
mod steps;
mod words;

pub use scope::{Invariant, Mutant};

use scope::Scope;
use search::Found;
use std::{
    io::{self, Write},
    time::Instant,
};
use steps::World;

/// What is asked of every state.
const ALL: [Invariant; 5] = [Invariant::I1, Invariant::I2, Invariant::I3, Invariant::I4, Invariant::I5];
/// What no disk that is set back can break.
const SAFE_ANYWAY: [Invariant; 3] = [Invariant::I1, Invariant::I2, Invariant::I4];
/// The same, and the bound on what it does break.
const SAFE_FENCED: [Invariant; 4] = [Invariant::I1, Invariant::I2, Invariant::I4, Invariant::I3Restored];

/// How `simulator model` is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The rule to break; `None` checks the protocol as it is.
    pub mutant: Option<Mutant>,
    /// How much is searched.
    pub size: Size,
}

/// How much is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Seconds, also without optimisation.
    Small,
    /// What the project claims.
    #[default]
    Full,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The invariants broken at the end of the shortest trace; empty when all hold in every state.
    pub broken: Vec<Invariant>,
    /// The trace in words, one line a step.
    pub trace: Vec<String>,
    /// States visited; two that differ only in the names of kiosks or people are one.
    pub states: usize,
    /// Steps that led from one state to another.
    pub transitions: u64,
    /// Steps of the longest of the shortest ways from the start to a state.
    pub depth: usize,
}

impl Size {
    /// The scopes searched one after another; a mutant is looked for in the first.
    const fn scopes(self) -> &'static [Scope] {
        match self {
            Size::Small => &[scope::SMALL],
            Size::Full => &[scope::WIDE, scope::LONG],
        }
    }

    const fn restored(self) -> Scope {
        match self {
            Size::Small => scope::RESTORED_SMALL,
            Size::Full => scope::RESTORED,
        }
    }
}

/// Checks the protocol as it is: I1 to I5 in each scope of the size, no disk set back.
pub fn check(size: Size) -> impl Iterator<Item = Verdict> {
    size.scopes().iter().map(|scope| verdict(&World { scope: *scope, mutant: None }, &ALL))
}

/// Breaks one rule and looks for an invariant that breaks with it. For [`Mutant::NotFenced`] a disk is set back.
#[must_use]
pub fn check_mutant(mutant: Mutant, size: Size) -> Verdict {
    let scope = if mutant == Mutant::NotFenced { size.restored() } else { size.scopes()[0] };
    verdict(&World { scope, mutant: Some(mutant) }, &ALL)
}

/// Checks a city in which one disk is set back. I1, I2 and I4 hold whether or not the platform fences it; with `bounded`
/// it is also asked that no more promises are broken than the older disk issued while nobody could know of it.
#[must_use]
pub fn check_restored(is_fenced: bool, size: Size, bounded: bool) -> Verdict {
    let world = World { scope: size.restored(), mutant: (!is_fenced).then_some(Mutant::NotFenced) };
    verdict(&world, if bounded { &SAFE_FENCED } else { &SAFE_ANYWAY })
}

/// Runs what `options` ask for and tells it to `out`; false if an invariant is broken.
///
/// # Errors
/// If `out` cannot be written.
pub fn run(options: &Options, out: &mut impl Write) -> io::Result<bool> {
    let size = options.size;
    let Some(mutant) = options.mutant else {
        let mut holds = true;
        for scope in size.scopes() {
            let title = format!("the lease protocol, {}: I1 I2 I3 I4 I5", scope.words());
            let world = World { scope: *scope, mutant: None };
            holds &= report(out, &title, || verdict(&world, &ALL))?;
        }
        return Ok(report_fenced(out, size)? && holds);
    };
    let (name, rule, _) = mutant.describe();
    let title = format!("mutant {name}, {rule}: I1 I2 I3 I4 I5");
    let holds = report(out, &title, || check_mutant(mutant, size))?;
    if mutant == Mutant::NotFenced {
        let title = "mutant R: I1 I2 I4 alone, which need no fencing";
        report(out, title, || check_restored(false, size, false))?;
        let title = "mutant R: I1 I2 I4, and broken promises bounded";
        report(out, title, || check_restored(false, size, true))?;
        report_fenced(out, size)?;
    }
    Ok(holds)
}

fn report_fenced(out: &mut impl Write, size: Size) -> io::Result<bool> {
    let title = format!("fenced, {}: I1 I2 I4, and broken promises bounded", size.restored().words());
    report(out, &title, || check_restored(true, size, true))
}

fn verdict(world: &World, asked: &[Invariant]) -> Verdict {
    let Found { states, transitions, depth, broken } = world.search(asked);
    let trace = broken.as_ref().map(|broken| words::tell(world, broken)).unwrap_or_default();
    let broken = broken.map(|broken| broken.invariants).unwrap_or_default();
    Verdict { broken, trace, states, transitions, depth }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for whoever waits; nothing is decided by it")]
fn report(out: &mut impl Write, title: &str, check: impl FnOnce() -> Verdict) -> io::Result<bool> {
    writeln!(out, "{title}")?;
    out.flush()?;
    let begun = Instant::now();
    let verdict = check();
    let seconds = begun.elapsed().as_secs_f64();
    for line in &verdict.trace {
        writeln!(out, "{line}")?;
    }
    let holds = verdict.broken.is_empty();
    let word = if holds { "holds in every state" } else { "BROKEN, by a shortest way" };
    let Verdict { states, transitions, depth, .. } = verdict;
    writeln!(out, "  {word}: {states} states, {transitions} transitions, depth {depth}, {seconds:.1} s\n")?;
    Ok(holds)
}
