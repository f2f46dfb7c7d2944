//! Sixteen bytes that stand for something longer, written in hex; and the one that stands for the content of a feed.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Stands for something longer; all zero stands for nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

/// Not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a fingerprint has 32 hexadecimal digits")]
pub struct NoFingerprint;

impl Fingerprint {
    /// These bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Fingerprint {
        Fingerprint(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The first half of the SHA-256 of some bytes.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        first_half(Sha256::digest(bytes).into())
    }
}

fn first_half(digest: [u8; 32]) -> Fingerprint {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Fingerprint(half)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;
    fn from_str(text: &str) -> Result<Fingerprint, NoFingerprint> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoFingerprint);
        }
        u128::from_str_radix(text, 16)
            .map(|number| Fingerprint(number.to_be_bytes()))
            .map_err(|_| NoFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The sum of all rows somebody holds: the same rows give the same sum in any order, so it is kept up to date row by row.
///
/// It finds faults (a change that was missed, a row that was mangled, a tombstone that did nothing), not forgers: those
/// are kept out by the signature of the page that names the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContentSum(u128);

impl ContentSum {
    /// A row is held from now on.
    pub fn add(&mut self, kind: &str, id: &str, row: &Value) {
        self.0 = self.0.wrapping_add(row_number(kind, id, row));
    }

    /// A row is not held any more.
    pub fn remove(&mut self, kind: &str, id: &str, row: &Value) {
        self.0 = self.0.wrapping_sub(row_number(kind, id, row));
    }

    /// Everything `other` holds is held, too.
    pub fn add_all(&mut self, other: ContentSum) {
        self.0 = self.0.wrapping_add(other.0);
    }

    /// As it travels and is stored.
    pub fn fingerprint(self) -> Fingerprint {
        Fingerprint(self.0.to_be_bytes())
    }

    /// The sum that was stored.
    pub fn from_fingerprint(stored: Fingerprint) -> ContentSum {
        ContentSum(u128::from_be_bytes(stored.0))
    }
}

fn row_number(kind: &str, id: &str, row: &Value) -> u128 {
    let mut hash = Sha256::new_with_prefix(b"CXF1/row\0");
    put_text(&mut hash, kind);
    put_text(&mut hash, id);
    put_value(&mut hash, row);
    u128::from_be_bytes(first_half(hash.finalize().into()).0)
}

/// Each value is told from every other, whatever order the keys of an object were written in.
fn put_value(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Number(number) => {
            hash.update(b"#");
            put_text(hash, &number.to_string());
        }
        Value::String(text) => {
            hash.update(b"\"");
            put_text(hash, text);
        }
        Value::Array(items) => {
            hash.update(b"[");
            put_length(hash, items.len());
            items.iter().for_each(|item| put_value(hash, item));
        }
        Value::Object(fields) => {
            hash.update(b"{");
            put_length(hash, fields.len());
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in sorted {
                put_text(hash, name);
                put_value(hash, value);
            }
        }
    }
}

fn put_text(hash: &mut Sha256, text: &str) {
    put_length(hash, text.len());
    hash.update(text.as_bytes());
}

fn put_length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sum(rows: &[(&str, &str, Value)]) -> ContentSum {
        let mut sum = ContentSum::default();
        rows.iter().for_each(|(kind, id, row)| sum.add(kind, id, row));
        sum
    }

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let mark = Fingerprint::from_bytes([0x0f; 16]);
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!(
            serde_json::from_str::<Fingerprint>(&serde_json::to_string(&mark).unwrap()).unwrap(),
            mark
        );
        for wrong in ["", "0f", "+f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0", "zz0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
        }
    }

    #[test]
    fn the_sum_does_not_depend_on_the_order_of_rows_or_of_fields() {
        let (a, b) = (("store", "1", json!({"x": 1, "y": [2]})), ("store", "2", json!(null)));
        assert_eq!(sum(&[a.clone(), b.clone()]), sum(&[b.clone(), a.clone()]));
        let other: Value = serde_json::from_str(r#"{"y":[2],"x":1}"#).unwrap();
        assert_eq!(sum(std::slice::from_ref(&a)), sum(&[("store", "1", other)]));
        let mut back = sum(&[a.clone(), b.clone()]);
        back.remove(a.0, a.1, &a.2);
        assert_eq!(back, sum(&[b]));
        assert_eq!(ContentSum::from_fingerprint(back.fingerprint()), back);
    }

    #[test]
    fn another_kind_id_or_value_is_another_sum() {
        let rows = [
            ("store", "1", json!({"x": 1})),
            ("store", "11", json!({"x": 1})),
            ("store1", "1", json!({"x": 1})),
            ("store", "1", json!({"x": "1"})),
            ("store", "1", json!({"x": [1]})),
            ("store", "1", json!({"x": 1, "y": null})),
            ("store", "1", json!(["x", 1])),
        ];
        for (index, row) in rows.iter().enumerate() {
            for other in &rows[index + 1..] {
                assert_ne!(sum(std::slice::from_ref(row)), sum(std::slice::from_ref(other)));
            }
        }
    }
}
