//! Government funds (财政资金): what a department grants, and by which document.
//!
//! Owns the table `gov_fund`. Promises that each grant is in the ledger in the same transaction (E01), and that one
//! document grants once.

mod http;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{Fund, FundError, FundFigures, FundMode, NewFund};
pub use service::{figures, fund, funds, grant};
