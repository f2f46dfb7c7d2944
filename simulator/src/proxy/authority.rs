//! A certificate authority for one run: what a kiosk pins, and what the proxy shows.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::IpAddr, sync::Arc};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// The host of the wrong certificate.
const ELSEWHERE: &str = "elsewhere.invalid";

/// An authority whose key is forgotten when it is dropped.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Certificates could not be made or are not usable.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A certificate could not be made.
    #[error("a certificate cannot be made")]
    Making(#[from] rcgen::Error),
    /// TLS does not take it.
    #[error("TLS does not take the certificate")]
    Using(#[from] rustls::Error),
}

/// What the proxy shows: the right certificate, and one for another host.
pub(super) struct Certificates {
    right: TlsAcceptor,
    wrong: TlsAcceptor,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new() -> Result<Authority, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Authority(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its certificate, to be pinned.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificates for a proxy at `address`.
    pub(super) fn certificates(&self, address: IpAddr) -> Result<Certificates, AuthorityError> {
        Ok(Certificates { right: self.acceptor(&address.to_string())?, wrong: self.acceptor(ELSEWHERE)? })
    }

    fn acceptor(&self, host: &str) -> Result<TlsAcceptor, AuthorityError> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.0)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Certificates {
    pub(super) fn acceptor(&self, is_wrong: bool) -> &TlsAcceptor {
        if is_wrong { &self.wrong } else { &self.right }
    }
}
