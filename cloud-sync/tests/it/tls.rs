//! TLS of the shipped transport, against a real server: whoever is not the pinned platform is sent nothing, and the
//! installer is told which of the certificate's claims was wrong.

use cloud_sync::{
    transport::{Transport, TransportError, WireAnswer, WireRequest, http::HttpTransport},
    wire::Failure,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// What a server shows: for the address it has, and valid for some decades.
fn shown() -> CertificateParams {
    CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap()
}

struct Server {
    origin: String,
    /// The bytes of the first request; empty when the handshake failed.
    asked: JoinHandle<Vec<u8>>,
}

/// Answers one connection, if its handshake succeeds.
async fn serve(authority: &Authority, shown: CertificateParams) -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = shown.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
            return Vec::new();
        };
        let mut asked = vec![0; 4_096];
        let length = stream.read(&mut asked).await.unwrap_or(0);
        asked.truncate(length);
        // The other side may have gone.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let _ = stream.shutdown().await;
        asked
    });
    Server { origin, asked }
}

/// Sends one request, trusting `pinned` alone; gives the answer and what the server heard.
async fn ask(server: Server, pinned: &Authority) -> (Result<WireAnswer, TransportError>, Vec<u8>) {
    let transport = HttpTransport::new(Some(pinned.pem().as_bytes())).unwrap();
    let request = WireRequest {
        origin: server.origin,
        method: "POST",
        path: "/api/k/v1/heartbeat".to_owned(),
        headers: vec![("x-device", "abc".to_owned())],
        body: b"secret".to_vec(),
    };
    let answer = transport.send(request).await;
    (answer, server.asked.await.unwrap())
}

/// Shows `shown`, signed by `signer`, to a kiosk that pins another authority; nothing may be sent.
async fn refused(signer: &Authority, pinned: &Authority, shown: CertificateParams) -> TransportError {
    let (answer, asked) = ask(serve(signer, shown).await, pinned).await;
    assert_eq!(asked, b"", "a request was sent");
    answer.unwrap_err()
}

#[tokio::test]
async fn the_pinned_authority_s_platform_is_talked_to() {
    let ours = authority("ours");
    let (answer, asked) = ask(serve(&ours, shown()).await, &ours).await;
    assert_eq!(answer.unwrap().body, b"{}");
    assert!(asked.ends_with(b"secret"));
}

#[tokio::test]
async fn a_foreign_authority_is_refused_whatever_it_calls_itself() {
    let ours = authority("ours");
    for name in ["theirs", "ours"] {
        assert_eq!(
            refused(&authority(name), &ours, shown()).await,
            TransportError::UnknownAuthority,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let ours = authority("ours");
    let other = CertificateParams::new(vec!["elsewhere.invalid".to_owned()]).unwrap();
    assert_eq!(refused(&ours, &ours, other).await, TransportError::WrongHost);
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused() {
    let ours = authority("ours");
    let mut expired = shown();
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut to_come = shown();
    to_come.not_before = date_time_ymd(4000, 1, 1);
    to_come.not_after = date_time_ymd(4001, 1, 1);
    for params in [expired, to_come] {
        assert_eq!(refused(&ours, &ours, params).await, TransportError::NotValidToday);
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_not_taken_for_a_bad_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 1];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        Vec::new()
    });
    let (answer, _) = ask(Server { origin, asked }, &authority("ours")).await;
    assert_eq!(answer, Err(TransportError::NotSecure));
}

#[test]
fn each_class_has_a_code_and_words_of_its_own() {
    let classes = [
        (TransportError::UnknownAuthority, "UNKNOWN_AUTHORITY", "ca_file"),
        (TransportError::WrongHost, "WRONG_HOST", "another host"),
        (TransportError::NotValidToday, "CERTIFICATE_NOT_VALID", "clock"),
        (TransportError::PlainHttp, "PLAIN_HTTP", "https"),
        (TransportError::NotSecure, "NOT_SECURE", "secure"),
    ];
    for (class, code, word) in classes {
        assert_eq!(Failure::Transport(class).code(), code);
        assert!(class.to_string().contains(word), "{class}");
    }
}
