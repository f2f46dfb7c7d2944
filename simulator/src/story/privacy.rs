//! Looks for traces of people in what a kiosk keeps: its files, and the texts of its screens.
//!
//! Each secret is looked for as UTF-8, UTF-16 in both orders, hex in both cases and base64 at all three offsets.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One way in which one secret may have been written.
#[derive(Clone, Debug)]
struct Needle {
    secret: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// Everything that is looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    needles: Vec<Needle>,
}

/// A trace that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Which secret.
    pub secret: String,
    /// In which form.
    pub form: &'static str,
    /// In which file, or on which screen.
    pub place: String,
}

impl Search {
    /// Adds a text, for example a name.
    pub fn add_text(&mut self, secret: &str) {
        let utf16 = |order: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        self.add(secret, "UTF-16LE", utf16(u16::to_le_bytes));
        self.add(secret, "UTF-16BE", utf16(u16::to_be_bytes));
        self.add_bytes(secret, "UTF-8", secret.as_bytes());
    }

    /// Adds a tag: as digits, and as the four bytes a store or a message would hold.
    pub fn add_tag(&mut self, tag: u32) {
        let name = format!("tag {tag}");
        self.add_bytes(&name, "digits", tag.to_string().as_bytes());
        self.add_bytes(&name, "big-endian", &tag.to_be_bytes());
        self.add(&name, "little-endian", tag.to_le_bytes().to_vec());
    }

    fn add_bytes(&mut self, secret: &str, form: &'static str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(secret, "hex", hex.to_uppercase().into_bytes());
        self.add(secret, "hex", hex.into_bytes());
        for text in base64_forms(bytes) {
            self.add(secret, "base64", text.into_bytes());
        }
        self.add(secret, form, bytes.to_vec());
    }

    fn add(&mut self, secret: &str, form: &'static str, bytes: Vec<u8>) {
        self.needles.push(Needle { secret: secret.to_owned(), form, bytes });
    }

    /// Traces in one haystack.
    pub fn look(&self, place: &str, haystack: &[u8]) -> Vec<Trace> {
        let found = self.needles.iter().filter(|needle| contains(haystack, &needle.bytes));
        found
            .map(|needle| Trace { secret: needle.secret.clone(), form: needle.form, place: place.to_owned() })
            .collect()
    }

    /// In how many forms it looks for things.
    pub fn len(&self) -> usize {
        self.needles.len()
    }

    /// Traces in every `wanted` file of a folder and below it; gives also the number of bytes looked at.
    pub fn look_in(&self, folder: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<(Vec<Trace>, u64)> {
        let (mut traces, mut looked_at) = (Vec::new(), 0);
        for file in files(folder)?.into_iter().filter(|file| wanted(file)) {
            let bytes = fs::read(&file)?;
            looked_at += bytes.len() as u64;
            traces.extend(self.look(&file.to_string_lossy(), &bytes));
        }
        Ok((traces, looked_at))
    }
}

/// Base64 of `bytes` wherever they stand in a longer message: the characters that do not depend on their neighbours.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    (0..3usize)
        .filter_map(|offset| {
            let padded: Vec<u8> = std::iter::repeat_n(0, offset).chain(bytes.iter().copied()).collect();
            let text = STANDARD_NO_PAD.encode(padded);
            let first = (offset * 4).div_ceil(3);
            let last = (offset + bytes.len()) * 8 / 6;
            text.get(first..last).filter(|core| core.len() >= 4).map(ToOwned::to_owned)
        })
        .collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && memchr::memmem::find(haystack, needle).is_some()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn search() -> Search {
        let mut search = Search::default();
        search.add_text("温砚秋");
        search.add_tag(0x5a3c_91d2);
        search
    }

    #[test]
    fn a_planted_secret_is_found_in_every_form() {
        let name = "温砚秋";
        let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let planted: Vec<Vec<u8>> = vec![
            format!("x{name}y").into_bytes(),
            utf16,
            name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
            STANDARD.encode(format!("a{name}")).into_bytes(),
            STANDARD.encode(format!("ab{name}c")).into_bytes(),
            STANDARD.encode(format!("abc{name}cd")).into_bytes(),
            0x5a3c_91d2_u32.to_be_bytes().to_vec(),
            b"[1513918930]".to_vec(),
        ];
        for bytes in planted {
            assert!(!search().look("planted", &bytes).is_empty(), "{bytes:?}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert_eq!(search().look("clean", "夜市美食满100减30".as_bytes()), []);
    }

    #[test]
    fn a_folder_is_searched_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/ledger.db-wal"), "…温砚秋…").unwrap();
        let (traces, looked_at) = search().look_in(folder.path(), |_| true).unwrap();
        assert_eq!((traces.len(), looked_at), (1, 15));
        assert!(traces[0].place.ends_with("ledger.db-wal"));
    }
}
