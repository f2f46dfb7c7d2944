//! `ui`: being built.
