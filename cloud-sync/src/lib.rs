//! `cloud-sync`: being built.
