//! `kiosk`: being built.
