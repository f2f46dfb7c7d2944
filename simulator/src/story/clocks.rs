//! What time it is in the story: platform and kiosk are moved together.

use super::{Story, report::Broken};
use crate::control::{Request, Until};
use domain::time::UtcMillis;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The next 19:55 after `now`: time only goes forward.
pub fn next_evening(now: UtcMillis) -> UtcMillis {
    let today = evening(now, 19, 55);
    if now <= today { today } else { evening(now.plus_ms(DAY_MS), 19, 55) }
}

/// `hour:minute` on the Shanghai day of `now`.
pub fn evening(now: UtcMillis, hour: i64, minute: i64) -> UtcMillis {
    now.day().start().plus_ms((hour * 60 + minute) * MINUTE_MS)
}

/// Moves both clocks to an instant.
pub async fn move_to(story: &mut Story, at: UtcMillis) -> Result<(), Broken> {
    // An answer under way would tell the kiosk the time of one clock while the other has not been moved.
    story.kiosk.ask(&Request::Network { up: false }).await?;
    let clock = story.platform.set_clock(at).await?;
    story.kiosk.ask(&Request::Clock { offset_ms: clock.offset_ms }).await?;
    story.kiosk.ask(&Request::Network { up: true }).await?;
    story.kiosk.wait(Until::Online).await?;
    Ok(())
}

/// Moves both clocks to `hour:minute` of the present day.
pub async fn move_to_evening(story: &mut Story, hour: i64, minute: i64) -> Result<(), Broken> {
    let at = evening(story.platform.clock().await?.now_ms, hour, minute);
    move_to(story, at).await
}

/// Lets this many minutes pass.
pub async fn pass_minutes(story: &mut Story, minutes: i64) -> Result<(), Broken> {
    let at = story.platform.clock().await?.now_ms.plus_ms(minutes * MINUTE_MS);
    move_to(story, at).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evening_of_the_story_is_never_in_the_past() {
        let at = |text: &str| UtcMillis::parse_rfc3339(text).unwrap();
        let evening = at("2026-11-23T19:55:00+08:00");
        for now in ["2026-11-22T19:55:01+08:00", "2026-11-23T00:00:00+08:00", "2026-11-23T19:55:00+08:00"] {
            assert_eq!(next_evening(at(now)), evening, "{now}");
        }
    }
}
