//! A real browser in front of the real router, for pages. Where there is none a test says so, loudly, and passes.

use crate::harness::Platform;
use fantoccini::{Client, ClientBuilder, Locator, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use platform_api::build_router;
use serde_json::{Value, json};
use std::{
    future::IntoFuture,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a page may take to come to what a test waits for.
const WAIT: Duration = Duration::from_secs(20);

/// A phone of 360 × 780 points.
pub const PHONE: (u32, u32) = (360, 780);

/// A browser at the platform's address.
pub struct Browser {
    pub client: Client,
    address: SocketAddr,
    driver: Driver,
    server: Option<Server>,
}

/// Serves in a runtime of its own: when it ends, every connection ends with it, as when a network is gone.
struct Server {
    running: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Server {
    fn start(platform: &Platform) -> (Server, SocketAddr) {
        let router = build_router(platform.app.clone()).unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (running, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, service).into_future() => served.unwrap(),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        (Server { running, thread }, address)
    }

    fn stop(self) {
        let Server { running, thread } = self;
        drop(running);
        thread.join().unwrap();
    }
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // The test is over; a driver that has gone by itself is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Serves the platform on a free port and opens a phone in front of it; `None` without Chromium.
    pub async fn phone(platform: &Platform, (width, height): (u32, u32)) -> Option<Browser> {
        let Some((driver, port)) = start_driver() else {
            eprintln!("SKIPPED: no chromedriver on this machine, the phone page was NOT tested in a browser");
            return None;
        };
        let (server, address) = Server::start(platform);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(width, height));
        let client = builder.connect(&format!("http://127.0.0.1:{port}")).await.unwrap();
        Some(Browser { client, address, driver, server: Some(server) })
    }

    /// Nobody answers at the platform's address any more.
    pub fn lose_platform(&mut self) {
        self.server.take().unwrap().stop();
    }

    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("http://{}{path}", self.address)).await.unwrap();
    }

    pub async fn type_into(&self, css: &str, text: &str) {
        self.client.find(Locator::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Taps an element; a label or a button, like a finger would.
    pub async fn tap(&self, css: &str) {
        self.run("document.querySelector(arguments[0]).click()", json!([css])).await;
    }

    /// Waits until a page with this path is there.
    pub async fn arrive(&self, path: &str) {
        self.until(&format!("location.pathname === {}", json!(path))).await;
    }

    /// Waits until a condition in the page holds.
    pub async fn until(&self, condition: &str) {
        let script = format!("return document.readyState === 'complete' && Boolean({condition});");
        let holds = async {
            loop {
                if self.client.execute(&script, vec![]).await.is_ok_and(|value| value == Value::Bool(true)) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(WAIT, holds).await;
        if waited.is_err() {
            let page = self.client.source().await.unwrap_or_default();
            panic!("never came true: {condition}\n{page}");
        }
    }

    /// What a script in the page gives.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().cloned().unwrap_or_default();
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Checks that nothing sticks out to the side, keeps a picture for people, and gives where it is.
    pub async fn look(&self, name: &str) -> PathBuf {
        let wide =
            self.run("return document.documentElement.scrollWidth - window.innerWidth", json!([])).await;
        assert!(wide.as_i64().unwrap() <= 0, "{name} is {wide} px too wide");
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        std::fs::write(&path, self.client.screenshot().await.unwrap()).unwrap();
        path
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
        drop(self.driver);
    }
}

fn start_driver() -> Option<(Driver, u16)> {
    let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().ok()?;
    let output = BufReader::new(driver.stdout.take().unwrap());
    let driver = Driver(driver);
    let said = output.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    Some((driver, said.expect("chromedriver names its port")))
}

fn capabilities(width: u32, height: u32) -> Capabilities {
    let options = json!({
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--lang=zh-CN"],
        "mobileEmulation": {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0, "touch": true}},
    });
    Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)])
}
