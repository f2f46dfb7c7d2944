//! Who changed what, when and why: append-only, one hash chain per surface and Shanghai day.
//!
//! Each entry's hash covers the entry and the hash before it, so changing, removing, inserting or swapping an entry
//! breaks the chain from there on. States are kept as hashes; an entry holds no personal data.

use super::{
    act::Act,
    db::{DbError, Row, Tx, Value},
};
use sha2::{Digest, Sha256};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Which surface: `O` operator, `M` merchant, `G` government.
    pub surface: &'a str,
    /// The verb, for example `campaign.approve`.
    pub action: &'a str,
    /// The thing it was done to, for example `campaign:<id>`.
    pub subject: &'a str,
    /// The state before, as JSON; `None` for something new.
    pub before: Option<&'a str>,
    /// The state after, as JSON; `None` for something removed.
    pub after: Option<&'a str>,
    /// Why, in the actor's words; empty where none is asked for.
    pub reason: &'a str,
}

/// The chain of a stream is broken at this entry.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The entry with this number is changed, missing or out of place.
    #[error("the audit chain of {stream} breaks at entry {seq}")]
    #[expect(missing_docs, reason = "said above")]
    Broken { stream: String, seq: i64 },
    /// The stream could not be read.
    #[error("the audit chain could not be read")]
    Database(#[from] DbError),
}

/// Writes `entry` at the end of today's chain of its surface.
pub fn append(tx: &mut Tx<'_>, act: &Act, entry: &Entry<'_>) -> Result<(), DbError> {
    let stream = format!("{}/{}", entry.surface, act.now.day().get());
    let (seq, previous) = match last(tx, &stream)? {
        Some(row) => (row.get::<i64>("seq")? + 1, row.get("hash")?),
        None => (1, String::new()),
    };
    let hashed =
        |state: Option<&str>| state.map_or_else(String::new, |text| hex::encode(Sha256::digest(text)));
    let role = act.actor.role().map_or("system", |role| role.as_str());
    let fields: Vec<Value> = vec![
        stream.into(),
        seq.into(),
        act.now.into(),
        act.actor.to_string().into(),
        role.into(),
        entry.action.into(),
        entry.subject.into(),
        hashed(entry.before).into(),
        hashed(entry.after).into(),
        entry.reason.into(),
        (&act.request_id).into(),
        previous.into(),
    ];
    let hash = hash_of(&fields);
    let params: Vec<Value> = fields.into_iter().chain([hash.into()]).collect();
    tx.execute(
        "INSERT INTO audit_entry (stream, seq, at, actor, role, action, subject, before_hash, after_hash, reason,
             request_id, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &params,
    )?;
    Ok(())
}

/// Checks the chain of `stream` (`<surface>/<days since 1970-01-01>`) and gives its last hash, the anchor of the day.
pub fn verify(tx: &mut Tx<'_>, stream: &str) -> Result<String, ChainError> {
    let rows = tx.query("SELECT * FROM audit_entry WHERE stream = $1 ORDER BY seq", &[stream.into()])?;
    let mut previous = String::new();
    for (row, expected_seq) in rows.iter().zip(1..) {
        let fields = fields_of(row)?;
        let sound = row.get::<i64>("seq")? == expected_seq
            && row.get::<String>("previous")? == previous
            && row.get::<String>("hash")? == hash_of(&fields);
        if !sound {
            return Err(ChainError::Broken { stream: stream.to_owned(), seq: expected_seq });
        }
        previous = row.get("hash")?;
    }
    Ok(previous)
}

fn last(tx: &mut Tx<'_>, stream: &str) -> Result<Option<Row>, DbError> {
    tx.query_opt(
        "SELECT seq, hash FROM audit_entry WHERE stream = $1 ORDER BY seq DESC LIMIT 1",
        &[stream.into()],
    )
}

fn fields_of(row: &Row) -> Result<Vec<Value>, DbError> {
    let text = |column: &'static str| row.get::<String>(column).map(Value::Text);
    let number = |column: &'static str| row.get::<i64>(column).map(Value::Int);
    Ok(vec![
        text("stream")?,
        number("seq")?,
        number("at")?,
        text("actor")?,
        text("role")?,
        text("action")?,
        text("subject")?,
        text("before_hash")?,
        text("after_hash")?,
        text("reason")?,
        text("request_id")?,
        text("previous")?,
    ])
}

/// SHA-256 over the fields, each with its length before it, so that no two lists of fields read alike.
fn hash_of(fields: &[Value]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        let bytes = match field {
            Value::Null => Vec::new(),
            Value::Int(number) => number.to_be_bytes().to_vec(),
            Value::Text(text) => text.clone().into_bytes(),
            Value::Bytes(bytes) => bytes.clone(),
        };
        hasher.update(bytes.len().to_be_bytes());
        hasher.update(bytes);
    }
    hex::encode(hasher.finalize())
}
