//! `protocol`: being built.
