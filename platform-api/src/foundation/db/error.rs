//! What can go wrong in the database, told so that a service can act on it.
//!
//! Every variant that comes from a statement names the statement. Parameters are never part of an error: they may be
//! personal data.

use std::{error::Error, fmt};

/// A failure of the database. Services map [`DbError::Unique`] and [`DbError::Check`] to answers of their own.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique index refused the row. `constraint` names the columns (`table.column, …`).
    #[error("unique constraint on {constraint} refused: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    Unique { query: &'static str, constraint: String },
    /// A `CHECK` or a trigger refused the row. `constraint` is its name or the trigger's message.
    #[error("check {constraint} refused: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    Check { query: &'static str, constraint: String },
    /// A foreign key or `NOT NULL` refused the row.
    #[error("reference or required column refused: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    Reference { query: &'static str },
    /// A query for one row gave another number.
    #[error("{found} rows where one was expected: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    NotOneRow { query: &'static str, found: usize },
    /// A column is missing or holds another type.
    #[error("column {column} is missing or of another type: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    Column { query: &'static str, column: &'static str },
    /// Two transactions collided; the adapter has already retried.
    #[error("transactions collided")]
    Conflict,
    /// The writer's queue is full; try again later.
    #[error("too many writes are waiting")]
    Overloaded,
    /// The work panicked; its transaction was rolled back.
    #[error("the work panicked and was rolled back")]
    Panicked,
    /// The database is shutting down, or its writer has stopped.
    #[error("the database is closed")]
    Closed,
    /// The transaction of the whole group failed; nothing of it was saved.
    #[error("the group was not committed: {reason}")]
    #[expect(missing_docs, reason = "said above")]
    NotCommitted { reason: String },
    /// Anything else the engine reports.
    #[error("statement failed: {}", Short(query))]
    #[expect(missing_docs, reason = "said above")]
    Failed { query: &'static str, source: Box<dyn Error + Send + Sync> },
}

impl DbError {
    /// True when a unique index that covers `column` (as `table.column`) refused the row.
    pub fn is_unique_on(&self, column: &str) -> bool {
        matches!(self, DbError::Unique { constraint, .. } if names(constraint, column))
    }

    /// True when the check or trigger `name` refused the row.
    pub fn is_check(&self, name: &str) -> bool {
        matches!(self, DbError::Check { constraint, .. } if constraint == name)
    }
}

fn names(constraint: &str, column: &str) -> bool {
    constraint.split(',').any(|part| part.trim() == column)
}

/// How much of a statement an error shows: enough to find it in `store.rs`.
const SHOWN_CHARS_MAX: usize = 120;

struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = SHOWN_CHARS_MAX;
        for (index, word) in self.0.split_whitespace().enumerate() {
            if word.chars().count() >= left {
                return out.write_str(" …");
            }
            left -= word.chars().count() + 1;
            write!(out, "{}{word}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}
