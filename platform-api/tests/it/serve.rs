//! The server as a whole: over a real socket, until it is told to stop.

use domain::ids::ConsumerId;
use platform_api::{
    config::Config,
    foundation::{act::Actor, db::DbError},
    modules::auth::{self, Holder},
    serve::serve,
    start,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// One request on a connection of its own; the status and the JSON of the answer.
async fn exchange(address: std::net::SocketAddr, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_demo_serves_its_door_and_stops_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.folder = folder.path().to_owned();
    let app = start::demo(config, Some(7)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app, listener, async move { drop(stopped.await) }));

    let set = json!({ "at": "2026-11-22T20:00:00+08:00" });
    let (status, clock) = exchange(address, "POST", "/demo/clock", &set).await;
    assert_eq!((status, &clock["now"].as_str().unwrap()[..17]), (200, "2026-11-22T12:00:"));
    let (status, wrong) = exchange(address, "POST", "/demo/clock", &json!({ "at": "noon" })).await;
    assert_eq!((status, wrong["code"].as_str()), (422, Some("INVALID")));

    let phone = json!({ "phone": "13800000009" });
    assert_eq!(exchange(address, "POST", "/api/c/v1/auth/otp", &phone).await.0, 202);
    let (status, otp) = exchange(address, "GET", "/demo/otp?phone=13800000009", &Value::Null).await;
    assert_eq!((status, otp["code"].as_str().unwrap().len()), (200, 6));
    assert_eq!(exchange(address, "GET", "/demo/otp?phone=13800000008", &Value::Null).await.0, 404);

    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}

#[tokio::test]
async fn half_a_request_does_not_keep_the_server_from_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.database.folder = folder.path().to_owned();
    config.http.timeout_s = 1;
    let app = start::production(config).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(app, listener, async move { drop(stopped.await) }));
    let mut dawdler = TcpStream::connect(address).await.unwrap();
    dawdler.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    assert_eq!(exchange(address, "GET", "/healthz", &Value::Null).await.0, 200);
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), server).await;
    ended.expect("the server still waits for the other half").unwrap().unwrap();
    drop(dawdler);
}

/// Signs in once on a fresh start over `folder`; gives the token.
async fn token_of_a_start(folder: &std::path::Path) -> String {
    let mut config = Config::default();
    config.database.folder = folder.to_owned();
    let app = start::demo(config, Some(7)).unwrap();
    let act = app.act(Actor::System("test"), "test".to_owned()).unwrap();
    let holder = Holder::Consumer(act.mint(ConsumerId::new));
    let token: Result<_, DbError> =
        app.db.write_async(move |tx| auth::open_session(tx, &act, holder, 3600)).await;
    token.unwrap().text()
}

#[tokio::test]
async fn a_seeded_demo_repeats_itself_in_a_fresh_folder_and_never_in_the_same() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let token = token_of_a_start(first.path()).await;
    assert_eq!(token_of_a_start(second.path()).await, token);
    assert_ne!(token_of_a_start(first.path()).await, token);
}
