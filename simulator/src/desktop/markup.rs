//! What Slint generates from `ui/panel.slint`; the lints of this house are not made for it.

#![allow(missing_docs, unsafe_code, unused_qualifications, clippy::all, clippy::restriction)]

slint::include_modules!();
