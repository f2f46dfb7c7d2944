//! The three cues as samples: short bells, told apart without a word and loud enough for a mall.

use crate::ports::Cue;

/// Samples a second, one channel.
pub const SAMPLE_RATE: u32 = 48_000;

/// Peak of a bell: three may overlap without clipping.
const PEAK: f32 = 0.3;
/// How fast a bell fades: to a third in this time.
const FADE_S: f32 = 0.12;
/// A bell rises over this time, so that it does not click.
const RISE_S: f32 = 0.004;

/// When a bell is struck, in seconds, and how high it sounds, in hertz.
type Bell = (f32, f32);

const ACCEPTED: &[Bell] = &[(0.0, 880.0), (0.09, 1_318.5)];
const REFUSED: &[Bell] = &[(0.0, 392.0), (0.16, 311.1)];
const CLAIMED: &[Bell] = &[(0.0, 784.0), (0.1, 987.8), (0.2, 1_174.7), (0.3, 1_568.0)];

/// The sound of a cue, between -1 and 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a second of samples is far below 2^24")]
pub fn samples(cue: Cue) -> Vec<f32> {
    let bells = match cue {
        Cue::Accepted => ACCEPTED,
        Cue::Refused => REFUSED,
        Cue::Claimed => CLAIMED,
    };
    let last_s = bells.last().map_or(0.0, |bell| bell.0) + 6.0 * FADE_S;
    let rate = SAMPLE_RATE as f32;
    let sound = |at_s: f32| bells.iter().map(|bell| strike(*bell, at_s)).sum::<f32>();
    (0..).map(|place: u32| place as f32 / rate).take_while(|at_s| *at_s < last_s).map(sound).collect()
}

fn strike((struck_s, pitch_hz): Bell, at_s: f32) -> f32 {
    let age_s = at_s - struck_s;
    if age_s < 0.0 {
        return 0.0;
    }
    let loudness = PEAK * (age_s / RISE_S).min(1.0) * (-age_s / FADE_S).exp();
    let turn = std::f32::consts::TAU * pitch_hz * age_s;
    loudness * (turn.sin() + 0.25 * (2.0 * turn).sin())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUES: [Cue; 3] = [Cue::Accepted, Cue::Refused, Cue::Claimed];

    #[test]
    fn cues_are_heard_do_not_clip_and_end_in_silence() {
        for cue in CUES {
            let samples = samples(cue);
            let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!((0.2..=1.0).contains(&peak), "{cue:?} peaks at {peak}");
            assert!(samples.len() < 2 * SAMPLE_RATE as usize, "{cue:?} is too long");
            assert!(samples.last().is_some_and(|sample| sample.abs() < 0.01), "{cue:?} clicks at its end");
        }
    }

    #[test]
    fn no_two_cues_sound_alike() {
        assert_ne!(samples(CUES[0]), samples(CUES[1]));
        assert_ne!(samples(CUES[1]), samples(CUES[2]));
        assert_ne!(samples(CUES[0]), samples(CUES[2]));
    }
}
