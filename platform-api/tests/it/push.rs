//! Push: a kiosk hears that there is something, soon and without being told what.

#[path = "push/admission.rs"]
mod admission;
#[path = "push/stream.rs"]
mod stream;
#[path = "push/wiring.rs"]
mod wiring;
