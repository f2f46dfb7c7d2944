//! Media (图片): pictures that operators upload, scaled to the screens once and kept by what they hold.
//!
//! Owns the tables `picture`, `picture_variant` and the folder `media` beside the database. Promises: what is given out
//! was decoded and written anew here, so nothing hidden in a file (EXIF, GPS, a second format) passes on; a medium never
//! changes under its name; a row never names a medium whose file was not on disk before it.

mod folder;
mod http;
mod jobs;
mod model;
mod rules;
mod scale;
mod service;
mod store;

pub use http::module;
pub use model::{MediaError, Picture, PictureId};
pub use service::{Prepared, picture, prepare, record, variants};
