//! `domain`: being built.
