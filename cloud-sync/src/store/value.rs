//! Between SQLite's values and ours: a value of the wrong shape is an error of the file, never a guess.

use super::StoreError;
use domain::time::UtcMillis;
use rusqlite::Row;

/// A column of exactly `N` bytes.
pub(super) fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; N]> {
    row.get::<_, [u8; N]>(column)
}

/// A column of milliseconds.
pub(super) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<UtcMillis> {
    row.get(column).map(UtcMillis::new)
}

/// A count or number as SQLite keeps it.
pub(super) fn stored(number: impl TryInto<i64>) -> Result<i64, StoreError> {
    number.try_into().map_err(|_| StoreError::TooLarge)
}

/// A count or number read back; the schema keeps it from being negative.
pub(super) fn counted(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
