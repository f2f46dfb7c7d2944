//! `simulator`: being built.
