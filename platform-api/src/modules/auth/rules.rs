//! When a code holds, how many are sent, and what an account must look like.

use super::model::{AuthError, NewStaff, OtpLimits, OtpVerdict, StoredOtp, Surface, TotpKey};
use domain::{ids::StaffId, time::UtcMillis};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The stretch of time in which codes sent to a phone are counted.
pub(super) const OTP_WINDOW_MS: i64 = 600_000;
/// Seconds of one step of an authenticator app (RFC 6238).
const TOTP_STEP_S: i64 = 30;
/// Steps a clock of a phone may be off, either way.
const TOTP_SKEW_STEPS: i64 = 1;

/// May another code be sent? `sent` are the times of those of the last ten minutes, oldest first.
pub(super) fn may_send(sent: &[UtcMillis], limits: OtpLimits, now: UtcMillis) -> Result<(), AuthError> {
    let max = usize::try_from(limits.requests_max).unwrap_or(usize::MAX);
    if sent.len() < max {
        return Ok(());
    }
    // The next one may go once the oldest of the last `max` leaves the window.
    let leaves = sent[sent.len() - max].plus_ms(OTP_WINDOW_MS);
    let left_s = (leaves.since(now) + 999) / 1000;
    Err(AuthError::TooManyOtp { retry_after_s: u32::try_from(left_s).unwrap_or(1).max(1) })
}

/// Is the typed code the stored one, in time, with a try left?
pub(super) fn judge_otp(stored: &StoredOtp, code_hash: &str, now: UtcMillis) -> OtpVerdict {
    let alive = now < stored.expires_at && stored.attempts_left > 0;
    let same = bool::from(stored.code_hash.as_bytes().ct_eq(code_hash.as_bytes()));
    if alive && same { OtpVerdict::Accepted } else { OtpVerdict::Refused }
}

/// The secret of a member of staff's authenticator app; a new generation is a new secret.
pub(super) fn totp_secret(key: &TotpKey, staff: StaffId, generation: i64) -> [u8; 32] {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.0) else { return [0; 32] };
    mac.update(staff.to_string().as_bytes());
    mac.update(&generation.to_be_bytes());
    mac.finalize().into_bytes().into()
}

/// The step whose code this is, if it is later than `last_step` and within the allowed skew (RFC 6238, SHA-1, 6 digits).
pub(super) fn totp_step(secret: &[u8], code: &str, now: UtcMillis, last_step: i64) -> Option<i64> {
    let present = now.seconds().div_euclid(TOTP_STEP_S);
    let steps = (present - TOTP_SKEW_STEPS)..=(present + TOTP_SKEW_STEPS);
    let fits = |step: &i64| {
        let expected = format!("{:06}", hotp(secret, step.cast_unsigned()) % 1_000_000);
        bool::from(expected.as_bytes().ct_eq(code.as_bytes()))
    };
    steps.filter(|step| *step > last_step).find(fits)
}

/// The number of RFC 4226 for a counter, before it is cut to its digits.
fn hotp(secret: &[u8], counter: u64) -> u32 {
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret) else { return 0 };
    mac.update(&counter.to_be_bytes());
    let bytes = mac.finalize().into_bytes();
    let offset = usize::from(bytes[19] & 0x0f);
    let word = [bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]];
    u32::from_be_bytes(word) & 0x7fff_ffff
}

/// Accepts an account that can be made.
pub(super) fn check_staff(new: &NewStaff) -> Result<(), AuthError> {
    let login_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if !(3..=40).contains(&new.login.len()) || !new.login.bytes().all(login_byte) {
        return Err(AuthError::Field("login"));
    }
    if !(1..=40).contains(&new.name.chars().count()) {
        return Err(AuthError::Field("name"));
    }
    match (Surface::of(new.role), new.merchant) {
        (Some(Surface::Merchant), None) | (Some(Surface::Operator | Surface::Government), Some(_)) => {
            Err(AuthError::Field("merchant"))
        }
        (Some(Surface::Consumer) | None, _) => Err(AuthError::Field("role")),
        (Some(Surface::Merchant), Some(_)) | (Some(Surface::Operator | Surface::Government), None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totp_gives_the_numbers_of_rfc_6238() {
        // Appendix B, SHA-1: the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let step = totp_step(secret, code, UtcMillis::from_seconds(seconds), 0);
            assert_eq!(step, Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_totp_code_works_once_and_one_step_to_either_side() {
        let (secret, code) = (b"12345678901234567890", "005924");
        let at = |seconds: i64| UtcMillis::from_seconds(1_234_567_890 + seconds);
        let step = 1_234_567_890 / 30;
        assert_eq!(totp_step(secret, code, at(30), 0), Some(step));
        assert_eq!(totp_step(secret, code, at(-30), 0), Some(step));
        assert_eq!(totp_step(secret, code, at(60), 0), None);
        assert_eq!(totp_step(secret, code, at(-60), 0), None);
        assert_eq!(totp_step(secret, code, at(0), step), None, "used before");
    }

    #[test]
    fn the_sixth_code_waits_until_the_first_of_five_is_ten_minutes_old() {
        let limits = OtpLimits { ttl_s: 300, attempts_max: 5, requests_max: 5 };
        let sent: Vec<UtcMillis> = (0..5).map(|minute| UtcMillis::new(minute * 60_000)).collect();
        assert!(may_send(&sent[..4], limits, UtcMillis::new(240_000)).is_ok());
        let refused = may_send(&sent, limits, UtcMillis::new(299_500));
        assert!(matches!(refused, Err(AuthError::TooManyOtp { retry_after_s: 301 })));
    }

    #[test]
    fn a_code_holds_until_it_expires_or_its_tries_are_used_up() {
        let stored =
            StoredOtp { code_hash: "h".to_owned(), expires_at: UtcMillis::new(1000), attempts_left: 1 };
        assert_eq!(judge_otp(&stored, "h", UtcMillis::new(999)), OtpVerdict::Accepted);
        assert_eq!(judge_otp(&stored, "x", UtcMillis::new(999)), OtpVerdict::Refused);
        assert_eq!(judge_otp(&stored, "h", UtcMillis::new(1000)), OtpVerdict::Refused);
        let used_up = StoredOtp { attempts_left: 0, ..stored };
        assert_eq!(judge_otp(&used_up, "h", UtcMillis::new(0)), OtpVerdict::Refused);
    }
}
