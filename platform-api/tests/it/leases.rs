//! Stock lent to kiosks: granted once per request, closed once, reclaimed at R and never before.

#[path = "leases/give_back.rs"]
mod give_back;
#[path = "leases/grant.rs"]
mod grant;
#[path = "leases/model.rs"]
mod model;
#[path = "leases/quota.rs"]
mod quota;
