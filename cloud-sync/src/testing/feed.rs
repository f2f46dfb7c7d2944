//! The feed of the platform in memory: one log, the same for every kiosk.

use protocol::feed::{Change, ContentSum, Fingerprint, PAGE_CHANGES_MAX, Page, Place, SnapshotPart};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Feed {
    pub(super) log: Vec<Change>,
    /// Which history it is; another number after a restored backup.
    pub(super) history: u8,
    /// What kiosks are to see; another number when they are moved.
    pub(super) view: u8,
    /// The sums it names are wrong.
    pub(super) miscounting: bool,
    /// Places in the log that pages leave out, as a broken platform would.
    pub(super) left_out: BTreeSet<usize>,
}

impl Feed {
    pub(super) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// What the platform answers at a place.
    pub(super) fn page(&self, place: &Place) -> Page {
        let knows = place.since <= self.head()
            && place.mark == self.mark(place.since)
            && place.view == self.view()
            && (place.since > 0 || self.log.is_empty());
        match &place.part {
            Some(part) if knows => self.snapshot(place.since, part),
            Some(_) => self.snapshot(self.head(), ""),
            None if knows => self.changes(place.since),
            None => self.snapshot(self.head(), ""),
        }
    }

    fn changes(&self, since: u64) -> Page {
        let from = usize::try_from(since).unwrap_or(usize::MAX).min(self.log.len());
        let to = self.log.len().min(from + PAGE_CHANGES_MAX);
        let more = to < self.log.len();
        let shown = (from..to).filter(|index| !self.left_out.contains(index));
        Page {
            since,
            next: to as u64,
            more,
            changes: shown.map(|index| self.log[index].clone()).collect(),
            mark: Some(self.mark(to as u64)),
            view: Some(self.view()),
            content: (!more).then(|| self.content().fingerprint()),
            snapshot: None,
        }
    }

    /// Part tokens are how many rows went before.
    fn snapshot(&self, at: u64, part: &str) -> Page {
        let from: usize = part.parse().unwrap_or(0);
        let live: Vec<Change> = self.live().into_values().collect();
        let to = live.len().min(from + PAGE_CHANGES_MAX);
        Page {
            since: at,
            next: at,
            more: true,
            changes: live[from.min(to)..to].to_vec(),
            mark: Some(self.mark(at)),
            view: Some(self.view()),
            content: None,
            snapshot: Some(SnapshotPart {
                from: part.to_owned(),
                to: (to < live.len()).then(|| to.to_string()),
            }),
        }
    }

    fn live(&self) -> BTreeMap<(&str, &str), Change> {
        let mut live = BTreeMap::new();
        for change in &self.log {
            let name = (change.kind.as_str(), change.id.as_str());
            match change.row {
                Some(_) => live.insert(name, change.clone()),
                None => live.remove(&name),
            };
        }
        live
    }

    fn content(&self) -> ContentSum {
        let mut sum = ContentSum::default();
        for change in self.live().values() {
            sum.add(&change.kind, &change.id, change.row.as_ref().unwrap_or(&Value::Null));
        }
        if self.miscounting {
            sum.add("", "", &Value::Null);
        }
        sum
    }

    fn mark(&self, at: u64) -> Fingerprint {
        if at == 0 {
            return Fingerprint::default();
        }
        Fingerprint::of(format!("{at} {}", self.history).as_bytes())
    }

    fn view(&self) -> Fingerprint {
        Fingerprint::of(&[self.view])
    }
}

/// The place a request asks from.
pub(super) fn place_of(query: &str) -> Option<Place> {
    let mut place = Place::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "since" => place.since = value.parse().ok()?,
            "mark" => place.mark = value.parse().ok()?,
            "view" => place.view = value.parse().ok()?,
            "part" => place.part = Some(value.to_owned()),
            _ => return None,
        }
    }
    Some(place)
}
