//! Files as a disk holds them: what programs see, and beneath it what a power cut would leave.
//!
//! Bytes written are seen at once and durable only after [`Files::sync`]; names made, changed and taken away likewise
//! after [`Files::sync_folder`]. Everything not durable is kept as a numbered change, in the order it was made.

use std::collections::{BTreeMap, BTreeSet};

/// One file, whatever its name is now.
pub(super) type FileId = u64;

/// All files of one disk.
#[derive(Clone, Default)]
pub(super) struct Files {
    /// Names as programs see them.
    pub(super) names: BTreeMap<String, FileId>,
    /// Names as a power cut would leave them at the least.
    pub(super) durable_names: BTreeMap<String, FileId>,
    /// What lies between the two.
    pub(super) namings: Vec<Naming>,
    pub(super) contents: BTreeMap<FileId, Content>,
    counter: u64,
}

/// What one file holds.
#[derive(Clone, Default)]
pub(super) struct Content {
    /// As programs see it.
    pub(super) bytes: Vec<u8>,
    /// What is not durable, oldest first.
    pub(super) pending: Vec<Change>,
    /// Handles that hold it; a file without a name lives as long as these.
    handles: u32,
}

/// One change of a file's bytes, with what it takes to undo it.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) number: u64,
    pub(super) at: usize,
    pub(super) what: What,
    length_before: usize,
    old: Vec<u8>,
}

#[derive(Clone)]
pub(super) enum What {
    Write(Vec<u8>),
    Resize(usize),
}

/// One change of the names.
#[derive(Clone)]
pub(super) struct Naming {
    pub(super) number: u64,
    pub(super) gone: Option<String>,
    pub(super) given: Option<(String, FileId)>,
}

impl Naming {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, FileId>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, file)) = &self.given {
            names.insert(name.clone(), *file);
        }
    }
}

impl Content {
    pub(super) fn change(&mut self, number: u64, at: usize, what: What) {
        let length_before = self.bytes.len();
        let end = match &what {
            What::Write(bytes) => at + bytes.len(),
            What::Resize(_) => length_before,
        };
        let old = self.bytes.get(at..end.min(length_before)).map(<[u8]>::to_vec).unwrap_or_default();
        apply(&mut self.bytes, at, &what);
        self.pending.push(Change { number, at, what, length_before, old });
    }

    /// Takes every pending change back and gives them, oldest first.
    pub(super) fn revert(&mut self) -> Vec<Change> {
        for change in self.pending.iter().rev() {
            self.bytes.resize(change.length_before, 0);
            if let Some(place) = self.bytes.get_mut(change.at..change.at + change.old.len()) {
                place.copy_from_slice(&change.old);
            }
        }
        std::mem::take(&mut self.pending)
    }
}

fn apply(bytes: &mut Vec<u8>, at: usize, what: &What) {
    match what {
        What::Write(new) => {
            bytes.resize(bytes.len().max(at + new.len()), 0);
            bytes[at..at + new.len()].copy_from_slice(new);
        }
        What::Resize(length) => bytes.resize(*length, 0),
    }
}

impl Files {
    pub(super) fn find(&self, name: &str) -> Option<FileId> {
        self.names.get(name).copied()
    }

    pub(super) fn name_of(&self, file: FileId) -> Option<String> {
        self.names.iter().find(|(_, named)| **named == file).map(|(name, _)| name.clone())
    }

    pub(super) fn bytes(&self, file: FileId) -> &[u8] {
        self.contents.get(&file).map_or(&[], |content| &content.bytes)
    }

    /// Bytes of all files that programs see. A file taken away gives its room back at once.
    pub(super) fn used(&self) -> u64 {
        let named: BTreeSet<&FileId> = self.names.values().collect();
        let seen = self.contents.iter().filter(|(file, content)| content.handles > 0 || named.contains(file));
        seen.map(|(_, content)| content.bytes.len() as u64).sum()
    }

    /// Makes an empty file of this name, in place of any other.
    pub(super) fn create(&mut self, name: &str) -> FileId {
        let file = self.next_number();
        self.contents.insert(file, Content::default());
        self.put_naming(None, Some((name.to_owned(), file)));
        file
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let there = self.names.contains_key(name);
        if there {
            self.put_naming(Some(name.to_owned()), None);
        }
        there
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        let found = self.find(from);
        if let Some(file) = found {
            self.put_naming(Some(from.to_owned()), Some((to.to_owned(), file)));
        }
        found.is_some()
    }

    fn put_naming(&mut self, gone: Option<String>, given: Option<(String, FileId)>) {
        let naming = Naming { number: self.next_number(), gone, given };
        naming.apply(&mut self.names);
        self.namings.push(naming);
    }

    pub(super) fn write(&mut self, file: FileId, at: usize, bytes: &[u8]) {
        self.change(file, at, What::Write(bytes.to_vec()));
    }

    pub(super) fn resize(&mut self, file: FileId, length: usize) {
        self.change(file, length, What::Resize(length));
    }

    fn change(&mut self, file: FileId, at: usize, what: What) {
        let number = self.next_number();
        if let Some(content) = self.contents.get_mut(&file) {
            content.change(number, at, what);
        }
    }

    pub(super) fn sync(&mut self, file: FileId) {
        if let Some(content) = self.contents.get_mut(&file) {
            content.pending.clear();
        }
    }

    pub(super) fn sync_folder(&mut self) {
        self.durable_names.clone_from(&self.names);
        self.namings.clear();
        self.sweep();
    }

    pub(super) fn hold(&mut self, file: FileId) {
        if let Some(content) = self.contents.get_mut(&file) {
            content.handles += 1;
        }
    }

    pub(super) fn let_go(&mut self, file: FileId) {
        if let Some(content) = self.contents.get_mut(&file) {
            content.handles = content.handles.saturating_sub(1);
        }
        self.sweep();
    }

    /// Nobody holds anything any more: the program is gone.
    pub(super) fn let_go_all(&mut self) {
        self.contents.values_mut().for_each(|content| content.handles = 0);
        self.sweep();
    }

    /// Everything as programs see it, durable: a copy made of a disk at rest.
    pub(super) fn at_rest(&self) -> Files {
        let mut copy = self.clone();
        copy.contents.values_mut().for_each(|content| content.pending.clear());
        copy.let_go_all();
        copy.sync_folder();
        copy
    }

    /// Forgets files that nothing names or holds, now or after a power cut.
    fn sweep(&mut self) {
        let named = self.names.values().chain(self.durable_names.values());
        let renamed = self.namings.iter().filter_map(|naming| naming.given.as_ref().map(|(_, file)| file));
        let needed: BTreeSet<FileId> = named.chain(renamed).copied().collect();
        self.contents.retain(|file, content| content.handles > 0 || needed.contains(file));
    }

    fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}
