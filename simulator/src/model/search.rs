//! Breadth first through all states: the first state found broken is one of those with the fewest steps.
//!
//! States are compared whole, not by fingerprint, so no state can hide behind another. The set keeps the order in which
//! states were found, and is the queue as well.

use super::{
    scope::Invariant,
    state::State,
    steps::{Step, World},
};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// What a search has seen.
#[derive(Debug)]
pub struct Found {
    pub states: usize,
    /// Steps tried that led somewhere, to a new state or a known one.
    pub transitions: u64,
    /// Steps of the longest shortest way.
    pub depth: usize,
    pub broken: Option<Broken>,
}

/// A shortest way to a state that must not be.
#[derive(Debug)]
pub struct Broken {
    pub invariants: Vec<Invariant>,
    /// Each step with the states before and after it.
    pub trace: Vec<(State, Step, State)>,
}

struct Search<'a> {
    world: &'a World,
    steps: Vec<Step>,
    seen: IndexSet<State, FxBuildHasher>,
    /// For each state the one it was found from, and how far it is from the start.
    origins: Vec<(u32, u8)>,
}

impl World {
    /// Looks at every state that can be reached, until an invariant of `asked` is broken.
    pub fn search(&self, asked: &[Invariant]) -> Found {
        let start = State::start(self.scope.stock).canonical();
        let seen = IndexSet::from_iter([start]);
        let mut search = Search { world: self, steps: self.every_step(), seen, origins: vec![(0, 0)] };
        search.run(asked)
    }
}

impl Search<'_> {
    fn run(&mut self, asked: &[Invariant]) -> Found {
        let mut found = Found { states: 0, transitions: 0, depth: 0, broken: None };
        let mut next = 0;
        while let Some(before) = self.seen.get_index(next).copied() {
            for &step in &self.steps {
                let Some(after) = self.world.after(&before, step) else { continue };
                found.transitions += 1;
                let (place, is_new) = self.seen.insert_full(after.canonical());
                if !is_new {
                    continue;
                }
                let depth = self.origins[next].1 + 1;
                self.origins.push((u32::try_from(next).unwrap_or(u32::MAX), depth));
                let invariants = self.world.broken(&self.seen[place], asked);
                if !invariants.is_empty() {
                    found.broken = Some(Broken { invariants, trace: self.trace(place) });
                    break;
                }
            }
            if found.broken.is_some() {
                break;
            }
            next += 1;
        }
        found.states = self.seen.len();
        found.depth = self.origins.last().map_or(0, |(_, depth)| usize::from(*depth));
        found
    }

    /// Walks the way again from the start, so that a kiosk and a person keep their names all the way.
    fn trace(&self, last: usize) -> Vec<(State, Step, State)> {
        let mut way = vec![last];
        let mut place = last;
        while place != 0 {
            place = self.origins[place].0 as usize;
            way.push(place);
        }
        let mut trace = Vec::new();
        let mut state = State::start(self.world.scope.stock);
        for place in way.into_iter().rev().skip(1) {
            let leads_there = |step: &Step| {
                let after = self.world.after(&state, *step)?;
                (after.canonical() == self.seen[place]).then_some((*step, after))
            };
            let Some((step, after)) = self.steps.iter().find_map(leads_there) else { break };
            trace.push((state, step, after));
            state = after;
        }
        trace
    }
}
