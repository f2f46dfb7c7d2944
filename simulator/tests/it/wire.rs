//! The kiosk's engine and the platform over real sockets, with a network between them that does what networks do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use platform_api::{config::Config, serve::serve, start};
use std::{net::SocketAddr, path::PathBuf};
use tokio::{net::TcpListener, runtime::Runtime};

/// The demo platform on a port of its own; it runs as long as the runtime.
fn platform(folder: PathBuf) -> (Runtime, SocketAddr) {
    let runtime = Runtime::new().unwrap();
    let address = runtime.block_on(async {
        let mut config = Config::default();
        config.database.folder = folder;
        let app = start::demo(config, None).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(app, listener, std::future::pending()));
        address
    });
    (runtime, address)
}

#[test]
fn under_every_fault_of_a_network_each_claim_arrives_once_and_no_lease_is_doubled_or_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, address) = platform(folder.path().join("platform"));
    let mut told = Vec::new();
    let holds = simulator::wire::play(&format!("http://{address}"), &folder.path().join("kiosk"), &mut told);
    assert!(holds.unwrap(), "{}", String::from_utf8_lossy(&told));
}
