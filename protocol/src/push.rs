//! `GET /api/k/v1/stream`: the platform says that there is something, never what.
//!
//! One stream per kiosk, as server-sent events. It carries no data and nothing in it is signed: whoever forges a line can
//! make a kiosk ask once more, or make it wait for its next poll, and no more than that. A reader keeps at most one line
//! of [`LINE_BYTES_MAX`] bytes and skips the events of a newer platform.

use std::fmt;

/// Where the stream is. The kiosk sends the place it reached in the feed as [`LAST_EVENT_HEADER`].
pub const STREAM_PATH: &str = "/api/k/v1/stream";
/// Header of the request: the last place the kiosk knows of; something newer is said at once.
pub const LAST_EVENT_HEADER: &str = "last-event-id";
/// Media type of the answer; anything else is no stream.
pub const STREAM_MEDIA_TYPE: &str = "text/event-stream";
/// The platform says something at least this often: short enough for the gateways of mobile networks, which forget a
/// silent connection after half a minute.
pub const BEAT_MS: u32 = 15_000;
/// A stream silent for so long is dead, whatever the connection says: three beats.
pub const SILENCE_MS_MAX: u32 = 3 * BEAT_MS;
/// Bytes of one line: ours stay below 40.
pub const LINE_BYTES_MAX: usize = 256;

const BEAT_TEXT: &str = ": beat\n\n";

/// What the platform says on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// The first word: this is the platform, and the feed stands here.
    Open {
        /// Newest place in the feed.
        head: u64,
    },
    /// It is still there.
    Beat,
    /// Something changed that concerns this kiosk.
    Changed {
        /// Place of the change in the feed.
        head: u64,
    },
    /// The platform no longer stands by this enrolment. The kiosk asks by a heartbeat whether that is so.
    Revoked,
    /// The same device has opened another stream.
    Replaced,
    /// The platform ends this stream without any fault of the kiosk.
    Closing {
        /// When to open the next one, from now.
        retry_ms: u32,
    },
    /// An event of a newer platform: a sign of life and no more.
    Unknown,
}

impl fmt::Display for Push {
    /// The event as it travels.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Push::Open { head } => write!(out, "event: open\nid: {head}\n\n"),
            Push::Beat => out.write_str(BEAT_TEXT),
            Push::Changed { head } => write!(out, "event: changed\nid: {head}\n\n"),
            Push::Revoked => out.write_str("event: revoked\n\n"),
            Push::Replaced => out.write_str("event: replaced\n\n"),
            Push::Closing { retry_ms } => write!(out, "event: closing\nretry: {retry_ms}\n\n"),
            Push::Unknown => Ok(()),
        }
    }
}

/// What comes is no stream of the platform: a line without end, or another first word than [`Push::Open`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no stream of the platform")]
pub struct NotAStream;

/// Reads a stream piece by piece, however the network cut it.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    event: Option<String>,
    id: Option<u64>,
    retry_ms: Option<u32>,
    opened: bool,
}

impl Reader {
    /// What the next bytes say.
    ///
    /// # Errors
    /// [`NotAStream`]; the reader is of no use afterwards.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<Push>, NotAStream> {
        let mut said = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() >= LINE_BYTES_MAX {
                    return Err(NotAStream);
                }
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = std::str::from_utf8(&line).map_err(|_| NotAStream)?;
            said.extend(self.take_line(line.strip_suffix('\r').unwrap_or(line))?);
        }
        Ok(said)
    }

    fn take_line(&mut self, line: &str) -> Result<Option<Push>, NotAStream> {
        if line.is_empty() {
            return self.finish_event();
        }
        if line.starts_with(':') {
            return if self.opened { Ok(Some(Push::Beat)) } else { Err(NotAStream) };
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event = Some(value.to_owned()),
            "id" => self.id = value.parse().ok(),
            "retry" => self.retry_ms = value.parse().ok(),
            _ if self.opened || self.event.is_some() => {}
            _ => return Err(NotAStream),
        }
        Ok(None)
    }

    fn finish_event(&mut self) -> Result<Option<Push>, NotAStream> {
        let (event, id, retry_ms) = (self.event.take(), self.id.take(), self.retry_ms.take());
        let push = match (event.as_deref(), id) {
            (None, _) => return Ok(None),
            (Some("open"), Some(head)) => Push::Open { head },
            (Some("changed"), Some(head)) => Push::Changed { head },
            (Some("revoked"), _) => Push::Revoked,
            (Some("replaced"), _) => Push::Replaced,
            (Some("closing"), _) => Push::Closing { retry_ms: retry_ms.unwrap_or(0) },
            (Some(_), _) => Push::Unknown,
        };
        if !self.opened && !matches!(push, Push::Open { .. }) {
            return Err(NotAStream);
        }
        self.opened = true;
        Ok(Some(push))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Push; 6] = [
        Push::Open { head: 7 },
        Push::Beat,
        Push::Changed { head: u64::MAX },
        Push::Revoked,
        Push::Replaced,
        Push::Closing { retry_ms: 9_000 },
    ];

    fn read(text: &str) -> Result<Vec<Push>, NotAStream> {
        Reader::default().read(text.as_bytes())
    }

    proptest! {
        #[test]
        fn a_stream_says_the_same_however_it_is_cut(cuts in prop::collection::vec(1..9_usize, 0..60)) {
            let text: String = ALL.iter().map(ToString::to_string).collect();
            let (mut reader, mut said, mut rest) = (Reader::default(), Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                said.extend(reader.read(piece).unwrap());
                rest = after;
            }
            said.extend(reader.read(rest).unwrap());
            prop_assert_eq!(said, ALL);
        }

        #[test]
        fn nothing_that_comes_makes_the_reader_keep_more_than_a_line(bytes: Vec<u8>) {
            let mut reader = Reader::default();
            reader.read(b"event: open\nid: 1\n\n").unwrap();
            let _ = reader.read(&bytes);
            prop_assert!(reader.line.len() <= LINE_BYTES_MAX);
        }
    }

    #[test]
    fn a_page_of_somebody_else_is_no_stream() {
        for page in ["<html>\n", ": hello\n", "event: changed\nid: 3\n\n", "event: open\n\n", "data: x\n"] {
            assert_eq!(read(page), Err(NotAStream), "{page}");
        }
        assert_eq!(read(&"x".repeat(LINE_BYTES_MAX + 1)), Err(NotAStream));
    }

    #[test]
    fn what_a_newer_platform_adds_is_skipped() {
        let text = "event: open\nid: 1\nsince: now\n\ndata: more\n\nevent: dance\ndata: x\n\nevent: changed\r\nid: 2\r\n\r\n";
        let said = read(text).unwrap();
        assert_eq!(said, [Push::Open { head: 1 }, Push::Unknown, Push::Changed { head: 2 }]);
    }
}
