//! `kiosk decode IMAGE...`: what the decoder reads in picture files, one JSON line a file.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::adapters::picture_file::{self, PictureFileError};
use crate::adapters::qr_ladder::StillDecoder;
use crate::ports::{Decoder, Monotonic, Payload};

/// One line of the answer.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    payloads: Vec<&'a str>,
    payloads_hex: Vec<String>,
    /// The step that read the codes, or null when none did.
    pass: Option<&'static str>,
    /// Time the decoder took, without reading the file.
    ms: f64,
}

/// Decodes each file in turn and writes a line for it to `out`; a file that is no picture gets a line in `errors`
/// instead and does not stop the rest. Gives how many files could not be read.
///
/// # Errors
/// When `out` or `errors` cannot be written.
pub fn decode_files(
    files: &[PathBuf],
    clock: &Arc<dyn Monotonic>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<usize> {
    let mut decoder = StillDecoder::new(Arc::clone(clock));
    let mut unreadable = 0;
    for file in files {
        match decode_file(file, &mut decoder, &**clock) {
            Ok((payloads, ms)) => write_line(out, file, &payloads, ms)?,
            Err(error) => {
                unreadable += 1;
                writeln!(errors, "kiosk decode: {}: {}", file.display(), chain(&error))?;
            }
        }
    }
    Ok(unreadable)
}

fn decode_file(
    file: &Path,
    decoder: &mut StillDecoder,
    clock: &dyn Monotonic,
) -> Result<(Vec<Payload>, f64), PictureFileError> {
    let frame = picture_file::load(file)?;
    let began_at = clock.monotonic();
    let payloads = decoder.decode(&frame.luma, frame.width, frame.height);
    let took = clock.monotonic().saturating_sub(began_at);
    Ok((payloads, (took.as_secs_f64() * 10_000.0).round() / 10.0))
}

fn write_line(out: &mut dyn Write, file: &Path, payloads: &[Payload], ms: f64) -> io::Result<()> {
    let line = Line {
        file: &file.to_string_lossy(),
        payloads: payloads.iter().map(|payload| payload.text.as_str()).collect(),
        payloads_hex: payloads.iter().map(|payload| hex::encode(&payload.bytes)).collect(),
        pass: payloads.first().map(|payload| payload.pass),
        ms,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
