//! What a power cut leaves of the changes that were not durable.
//!
//! A disk writes sectors of 512 bytes in any order it likes. Each sector ends as it was at some instant since the last
//! sync, or torn between two; each name likewise. What was durable stays: SQLite is promised no less by the disks it runs
//! on (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`), and no more (a file may have grown before its bytes arrived, so a gap
//! may hold anything).

use super::files::{Content, Files, What};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes a disk writes whole or, at worst, torn.
pub const SECTOR_BYTES: usize = 512;
/// Changes at the end that [`Style::Tail`] puts at risk.
const TAIL_CHANGES_MAX: u64 = 16;

/// How a disk was at work when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Nothing had left its cache.
    Nothing,
    /// Everything had.
    Everything,
    /// Any sectors and names had, in no order.
    Subset,
    /// It worked in order and was stopped in the middle of one change.
    Prefix,
    /// Only of the last changes some were missing.
    Tail,
}

/// What became of the sectors and names that were not durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How the disk was at work.
    pub style: Style,
    /// The file whose change was interrupted, by its name then; `None` between two changes, or in one of names.
    pub inside: Option<String>,
    /// Changes of names that did not arrive.
    pub names_lost: u64,
    /// What became of the sectors of each file, by its name before.
    pub sectors: BTreeMap<String, Sectors>,
}

/// What became of sectors that were not durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sectors {
    /// Sectors that arrived.
    pub kept: u64,
    /// Sectors that did not.
    pub lost: u64,
    /// Sectors of which a part arrived.
    pub torn: u64,
}

impl Sectors {
    /// Adds others.
    pub fn add(&mut self, others: Sectors) {
        self.kept += others.kept;
        self.lost += others.lost;
        self.torn += others.torn;
    }
}

enum Fate {
    Keep,
    Lose,
    Tear,
}

struct Knife<'a> {
    chance: &'a mut ChaCha8Rng,
    /// The change being written when the power went, by number.
    at: u64,
    gaps_hold_noise: bool,
    style: Style,
    sectors: Sectors,
    names_lost: u64,
}

/// Cuts the power: of what is not durable some survives, by chance.
pub(super) fn cut(files: &mut Files, inside: Option<String>, chance: &mut ChaCha8Rng) -> Cut {
    let numbers = || {
        let written = files.contents.values().flat_map(|content| &content.pending);
        written.map(|change| change.number).chain(files.namings.iter().map(|naming| naming.number))
    };
    let (first, last) = (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0));
    let style = match below(chance, 8) {
        0 => Style::Nothing,
        1 => Style::Everything,
        2 | 3 => Style::Prefix,
        4 => Style::Tail,
        _ => Style::Subset,
    };
    let at = match style {
        Style::Tail => last.saturating_sub(below(chance, TAIL_CHANGES_MAX)),
        Style::Nothing | Style::Everything | Style::Subset | Style::Prefix => {
            first + below(chance, last - first + 2)
        }
    };
    let gaps_hold_noise = below(chance, 2) == 0;
    let called: BTreeMap<_, _> = files.names.iter().map(|(name, file)| (*file, name.clone())).collect();
    let sectors = Sectors::default();
    let mut knife = Knife { chance, at, gaps_hold_noise, style, sectors, names_lost: 0 };
    knife.cut_names(files);
    let mut by_name = BTreeMap::<String, Sectors>::new();
    for (file, content) in &mut files.contents {
        knife.cut_content(content);
        let name = called.get(file).cloned().unwrap_or_default();
        by_name.entry(name).or_default().add(std::mem::take(&mut knife.sectors));
    }
    files.let_go_all();
    Cut { style, inside, names_lost: knife.names_lost, sectors: by_name }
}

impl Knife<'_> {
    fn cut_names(&mut self, files: &mut Files) {
        for naming in std::mem::take(&mut files.namings) {
            match self.fate(naming.number) {
                Fate::Keep => naming.apply(&mut files.durable_names),
                // A name is changed or not; there is no half of it.
                Fate::Lose | Fate::Tear => self.names_lost += 1,
            }
        }
        files.names.clone_from(&files.durable_names);
    }

    fn cut_content(&mut self, content: &mut Content) {
        // A sector that missed one change holds none made to it later either.
        let mut behind = BTreeSet::new();
        for change in content.revert() {
            match change.what {
                What::Resize(length) => {
                    if matches!(self.fate(change.number), Fate::Keep) {
                        content.bytes.resize(length, 0);
                    }
                }
                What::Write(bytes) => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let sector = (change.at + from) / SECTOR_BYTES;
                        let to = ((sector + 1) * SECTOR_BYTES - change.at).min(bytes.len());
                        let fate = match behind.contains(&sector) {
                            true => Fate::Lose,
                            false => self.fate(change.number),
                        };
                        if !self.put(content, change.at + from, &bytes[from..to], fate) {
                            behind.insert(sector);
                        }
                        from = to;
                    }
                }
            }
        }
    }

    /// Puts what arrived of one sector; false if that is not all of it.
    fn put(&mut self, content: &mut Content, at: usize, bytes: &[u8], fate: Fate) -> bool {
        let arrived = match fate {
            Fate::Lose => {
                self.sectors.lost += 1;
                return false;
            }
            Fate::Keep => bytes.len(),
            Fate::Tear => index(self.chance, bytes.len()),
        };
        if content.bytes.len() < at + arrived {
            let gap = content.bytes.len();
            content.bytes.resize(at + arrived, 0);
            if self.gaps_hold_noise && gap < at {
                self.chance.fill_bytes(&mut content.bytes[gap..at]);
            }
        }
        content.bytes[at..at + arrived].copy_from_slice(&bytes[..arrived]);
        let whole = arrived == bytes.len();
        if whole {
            self.sectors.kept += 1
        } else {
            self.sectors.torn += 1
        }
        whole
    }

    fn fate(&mut self, number: u64) -> Fate {
        match self.style {
            Style::Nothing => Fate::Lose,
            Style::Everything => Fate::Keep,
            Style::Subset => self.toss(),
            Style::Prefix if number < self.at => Fate::Keep,
            Style::Prefix if number > self.at => Fate::Lose,
            Style::Tail if number < self.at => Fate::Keep,
            Style::Prefix | Style::Tail => self.toss(),
        }
    }

    fn toss(&mut self) -> Fate {
        match below(self.chance, 8) {
            0 => Fate::Tear,
            1..=3 => Fate::Lose,
            _ => Fate::Keep,
        }
    }
}

fn below(chance: &mut ChaCha8Rng, end: u64) -> u64 {
    chance.next_u64() % end
}

fn index(chance: &mut ChaCha8Rng, end: usize) -> usize {
    usize::try_from(below(chance, end as u64)).unwrap_or(0)
}
