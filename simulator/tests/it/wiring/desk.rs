//! What people do at the platform: a process of its own over the same database, asked between two steps of the network.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use domain::ids::BatchId;
use platform_api::{build_router, foundation::app::App};
use serde_json::{Value, json};
use std::cell::Cell;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// The operators' and shoppers' door.
pub struct Desk {
    router: Router,
    runtime: Runtime,
    city: Value,
    writes: Cell<u32>,
}

/// The books of one batch, as the platform tells them.
#[derive(Debug)]
pub struct Books {
    pub total: u64,
    pub free: u64,
    pub leased: u64,
    pub issued: u64,
}

impl Desk {
    /// A door over the demo city.
    pub fn new(app: App) -> Desk {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let router = build_router(app).unwrap();
        let mut desk = Desk { router, runtime, city: Value::Null, writes: Cell::new(0) };
        desk.city = desk.ask("GET", "/demo/city", None, &Value::Null);
        desk
    }

    /// The id of the batch called `title`.
    pub fn batch(&self, title: &str) -> BatchId {
        let batches = self.city["batches"].as_array().unwrap();
        let found = batches.iter().find(|batch| batch["title"] == title).unwrap();
        found["id"].as_str().unwrap().parse().unwrap()
    }

    /// A code that pairs a new kiosk.
    pub fn pairing_code(&self) -> String {
        let place = json!({ "mall": self.city["mall"], "place": "一层中庭东侧" });
        let answer =
            self.ask("POST", "/api/o/v1/kiosks/pairing-codes", Some(&self.sign_in("op_fleet")), &place);
        text(&answer, "code")
    }

    /// Pauses a batch.
    pub fn pause(&self, batch: BatchId) {
        self.move_batch(batch, "pause");
    }

    /// Ends the pause of a batch.
    pub fn resume(&self, batch: BatchId) {
        self.move_batch(batch, "resume");
    }

    fn move_batch(&self, batch: BatchId, step: &str) {
        let token = self.sign_in("op_campaign_approver");
        let path = format!("/api/o/v1/batches/{batch}/moves");
        self.ask("POST", &path, Some(&token), &json!({ "move": step, "reason": "售罄" }));
    }

    /// The books of a batch.
    pub fn books(&self, batch: BatchId) -> Books {
        let token = self.sign_in("op_auditor");
        let books = self.ask("GET", &format!("/api/o/v1/batches/{batch}"), Some(&token), &Value::Null);
        let number = |name: &str| books[name].as_u64().unwrap();
        Books {
            total: number("stock_total"),
            free: number("stock_free"),
            leased: number("stock_leased"),
            issued: number("stock_issued"),
        }
    }

    /// The session of the `number`th shopper's phone.
    pub fn shopper(&self, number: u32) -> String {
        let phone = format!("139{number:08}");
        self.ask("POST", "/api/c/v1/auth/otp", None, &json!({ "phone": phone }));
        let code = self.ask("GET", &format!("/demo/otp?phone={phone}"), None, &Value::Null);
        let login = json!({ "phone": phone, "code": text(&code, "code"), "account_text_version": 1 });
        text(&self.ask("POST", "/api/c/v1/auth/login", None, &login), "token")
    }

    /// The consumer code a phone shows now.
    pub fn code(&self, shopper: &str) -> String {
        text(&self.ask("GET", "/api/c/v1/crowd-code", Some(shopper), &Value::Null), "text")
    }

    /// Coupons of a batch in a phone's wallet.
    pub fn coupons(&self, shopper: &str, batch: BatchId) -> usize {
        let wallet = self.ask("GET", "/api/c/v1/wallet", Some(shopper), &Value::Null);
        let of_batch = |coupon: &&Value| coupon["batch"] == batch.to_string();
        wallet.as_array().unwrap().iter().filter(of_batch).count()
    }

    fn sign_in(&self, role: &str) -> String {
        let staff = self.city["staff"].as_array().unwrap();
        let member = staff.iter().find(|member| member["role"] == role).unwrap();
        let login = json!({ "login": member["login"], "password": self.city["staff_password"] });
        text(&self.ask("POST", "/api/o/v1/auth/login", None, &login), "token")
    }

    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Value {
        self.writes.set(self.writes.get() + 1);
        let mut http = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "desk")
            .header("content-type", "application/json")
            .header("idempotency-key", format!("desk-{}", self.writes.get()));
        if let Some(token) = token {
            http = http.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(http.body(body).unwrap()).await.unwrap();
            let status = answer.status();
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&body));
            serde_json::from_slice(&body).unwrap_or(Value::Null)
        })
    }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap().to_owned()
}
