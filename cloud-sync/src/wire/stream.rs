//! The push stream as it travels: its request, and whether an answer is the platform's.

use super::{Failure, Signer, refusal, signed_headers};
use crate::transport::{WireAnswer, WireRequest};
use protocol::push::{LAST_EVENT_HEADER, STREAM_MEDIA_TYPE, STREAM_PATH};

/// Makes the request that opens a stream; `since` is the kiosk's place in the feed.
pub fn request(origin: &str, since: u64, signer: Option<&Signer<'_>>) -> WireRequest {
    let mut headers = vec![("accept", STREAM_MEDIA_TYPE.to_owned()), (LAST_EVENT_HEADER, since.to_string())];
    if let Some(signer) = signer {
        headers.extend(signed_headers(signer, "GET", STREAM_PATH, &[]));
    }
    WireRequest {
        origin: origin.to_owned(),
        method: "GET",
        path: STREAM_PATH.to_owned(),
        headers,
        body: Vec::new(),
    }
}

/// True if a stream follows this head. What follows is believed only after its first word.
pub fn is_stream(head: &WireAnswer) -> bool {
    let media_type = head.content_type.as_deref().and_then(|text| text.split(';').next());
    head.status == 200 && media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case(STREAM_MEDIA_TYPE))
}

/// Why there is no stream: whoever answered, with whatever `answer` holds.
pub fn why_not(answer: &WireAnswer) -> Failure {
    if (200..300).contains(&answer.status) { Failure::NotPlatform } else { refusal(answer, None) }
}
