//! Sends a one-time password to a phone.
//!
//! The code and the number go through here and nowhere else; neither is ever logged.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Delivers one-time passwords.
pub trait OtpSender: Send + Sync {
    /// Sends `code` to `phone`, without waiting for its arrival.
    fn send(&self, phone: &str, code: &str);
}

/// How many phones the demo sender remembers; a demo city has far fewer.
const REMEMBERED_MAX: usize = 10_000;

/// Writes codes to the terminal and remembers the last one of each phone. Only `serve --demo` and tests make one.
#[derive(Debug, Default)]
pub struct ConsoleOtpSender {
    last: Mutex<BTreeMap<String, String>>,
    quiet: bool,
}

impl ConsoleOtpSender {
    /// A sender that only remembers, for tests.
    pub fn quiet() -> ConsoleOtpSender {
        ConsoleOtpSender { last: Mutex::default(), quiet: true }
    }

    /// The last code sent to `phone`.
    pub fn last(&self, phone: &str) -> Option<String> {
        self.codes().get(phone).cloned()
    }

    fn codes(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OtpSender for ConsoleOtpSender {
    fn send(&self, phone: &str, code: &str) {
        let mut codes = self.codes();
        if codes.len() >= REMEMBERED_MAX {
            codes.pop_first();
        }
        codes.insert(phone.to_owned(), code.to_owned());
        drop(codes);
        if !self.quiet {
            // The terminal is this sender's channel, not a log. A closed terminal loses the message like a dead phone.
            drop(writeln!(std::io::stdout(), "demo text message to {phone}: 验证码 {code}，5 分钟内有效。"));
        }
    }
}

/// Sends nothing: no provider of text messages is configured.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOtpSender;

impl OtpSender for NoOtpSender {
    fn send(&self, _phone: &str, _code: &str) {
        tracing::error!("no provider of text messages is configured; a one-time password was not sent");
    }
}
