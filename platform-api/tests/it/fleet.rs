//! How kiosks join the fleet, are believed, and read the feed.

#[path = "fleet/enrolment.rs"]
mod enrolment;
#[path = "fleet/feed.rs"]
mod feed;
#[path = "fleet/fencing.rs"]
mod fencing;
#[path = "fleet/filters.rs"]
mod filters;
#[path = "fleet/signed_requests.rs"]
mod signed_requests;
#[path = "fleet/snapshots.rs"]
mod snapshots;
