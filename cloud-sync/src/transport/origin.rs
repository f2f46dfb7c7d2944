//! Where a platform is: the one form in which a kiosk takes an address, from a person, a file or its own disk.
//!
//! What must hold: nothing leaves the machine unencrypted. Plain `http` is for a platform on this very machine.

use reqwest::Url;
use serde::Deserialize;
use std::{fmt, net::IpAddr};

/// Scheme, host and port of a platform, for example `https://pass.example.cn`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(String);

/// Why a text is no address of a platform. Each says what to write instead.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OriginError {
    /// No address at all, or not one of a web server.
    #[error("the platform's address must look like https://pass.example.cn")]
    NotAnAddress,
    /// A user, a path or a query stands in it.
    #[error("the platform's address must end after its host or port, as in https://pass.example.cn:8443")]
    TooMuch,
    /// `http` to another machine.
    #[error("the platform's address must begin with https: plain http is allowed to this machine only")]
    PlainHttp,
}

impl Origin {
    /// Reads an address; spaces around it and one slash at its end are passed over.
    ///
    /// # Errors
    /// [`OriginError`] for whoever wrote it.
    pub fn parse(text: &str) -> Result<Origin, OriginError> {
        let url = Url::parse(text.trim()).map_err(|_| OriginError::NotAnAddress)?;
        check(&url)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        if !is_bare || !is_nobodys {
            return Err(OriginError::TooMuch);
        }
        Ok(Origin(url.origin().ascii_serialization()))
    }

    /// The address as it is put before a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Origin, OriginError> {
        Origin::parse(&text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a request may be sent to this address: `https` to anybody, `http` to this machine.
pub(super) fn check(url: &Url) -> Result<(), OriginError> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if url.host_str().is_some_and(is_this_machine) => Ok(()),
        "http" => Err(OriginError::PlainHttp),
        _ => Err(OriginError::NotAnAddress),
    }
}

/// `host` as a parsed address writes it: numbers normalised, letters small, an IPv6 address in brackets.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for here in ["http://127.0.0.1:8480", "http://127.9.9.9", "http://[::1]:1", "http://LocalHost:80"] {
            assert!(Origin::parse(here).is_ok(), "{here}");
        }
        for away in [
            "http://pass.example.cn",
            "HTTP://pass.example.cn",
            "http://192.168.1.4:8480",
            "http://0.0.0.0",
            "http://localhost.example.cn",
            "http://127.0.0.1.example.cn",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert_eq!(Origin::parse(away), Err(OriginError::PlainHttp), "{away}");
        }
        assert_eq!(Origin::parse("http://127.0.0.1@pass.example.cn"), Err(OriginError::PlainHttp));
    }

    #[test]
    fn an_address_is_a_scheme_a_host_and_perhaps_a_port() {
        let read = |text| Origin::parse(text).map(|origin| origin.to_string());
        assert_eq!(read(" https://Pass.Example.cn/ "), Ok("https://pass.example.cn".to_owned()));
        assert_eq!(read("https://pass.example.cn:8443"), Ok("https://pass.example.cn:8443".to_owned()));
        for wrong in ["", "pass.example.cn", "ftp://pass.example.cn", "https://"] {
            assert_eq!(read(wrong), Err(OriginError::NotAnAddress), "{wrong}");
        }
        for wrong in ["https://a.cn/api", "https://a.cn?x", "https://a.cn#x", "https://me:pw@a.cn"] {
            assert_eq!(read(wrong), Err(OriginError::TooMuch), "{wrong}");
        }
    }
}
