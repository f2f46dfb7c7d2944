//! How kiosks join the fleet, are believed, and read the feed.

#[path = "fleet/enrolment.rs"]
mod enrolment;
#[path = "fleet/feed.rs"]
mod feed;
#[path = "fleet/signed_requests.rs"]
mod signed_requests;
