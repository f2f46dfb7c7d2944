//! The catalogue (商品): what stores sell, by category and price.
//!
//! Owns the table `product`. Promises that only listed products of stores open for business are shown, and that a
//! manager changes nothing but the products of their own merchant.

mod http;
mod model;
mod rules;
mod service;
mod store;

pub use http::module;
pub use model::{CatalogError, Product};
pub use service::{categories, products, put_product};
