//! The store's statements: each is prepared once a connection and kept.
//!
//! A kiosk asks the same fifty things for as long as it runs, and reading SQL costs more than answering it.

use rusqlite::{Connection, Params, Result, Row, config::DbConfig};

/// Statements kept of each database: all there are.
const STATEMENTS_MAX: usize = 64;

/// Makes a connection keep its statements, and each statement its plan, whatever values it is given: otherwise
/// SQLite plans anew for other ones, and there are no statistics from which it could plan better.
pub(super) fn keep_statements(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// What a connection does with a statement it keeps.
pub(super) trait Kept {
    /// Runs a statement that gives no rows; says how many it changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize>;

    /// The first row of a query, read by `read`.
    fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T>;
}

impl Kept for Connection {
    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }
}
