//! `platform-api`: being built.
