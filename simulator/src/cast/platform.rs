//! The platform of the story: a process, and the HTTP calls its people make.

use super::{
    process::{Program, Start},
    report::{Broken, Trying},
};
use domain::time::UtcMillis;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A call that takes longer has failed; the platform's own limit is lower.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A platform and the way to it.
pub struct Platform {
    /// Absent when somebody else started it.
    program: Option<Program>,
    http: Client,
    origin: String,
    /// Opens every idempotency key; nobody else who writes to this platform has the same.
    writer: String,
    writes: AtomicU32,
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct Caller {
    token: String,
}

/// A part of the API with its own sign-in.
#[derive(Clone, Copy, Debug)]
pub enum Desk {
    /// The operator's.
    Operator,
    /// The merchant's.
    Merchant,
}

/// What the platform says of itself when it refuses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The stable code.
    pub code: String,
    /// With ALREADY_REDEEMED: when.
    pub redeemed_at: Option<String>,
    /// With ALREADY_REDEEMED: where.
    pub store_name: Option<String>,
    /// With ALREADY_REDEEMED: by whom.
    pub cashier_name: Option<String>,
}

/// An answer: what was asked for, or why not.
#[derive(Clone, Debug)]
pub enum Reply<T> {
    /// Done.
    Done(T),
    /// Refused.
    Refused(StatusCode, Problem),
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Otp {
    code: String,
}

/// Where the platform's clock is.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct PlatformClock {
    /// Its present instant.
    pub now_ms: UtcMillis,
    /// How far it is ahead of the machine's.
    pub offset_ms: i64,
}

impl Platform {
    /// Starts `serve --demo` on a free port with its data in `data`.
    pub async fn start(program: &Path, data: &Path, log: &Path) -> Result<Platform, Broken> {
        let start =
            Start { name: "the platform", file: program, log: log.to_owned(), ready_prefix: "listening on " };
        let data = data.to_string_lossy().into_owned();
        let arguments = ["serve", "--demo", "--listen", "127.0.0.1:0", "--data", &data];
        let program = Program::start(start, arguments).await?;
        let platform = Platform::at(program.address(), "story".to_owned())?;
        Ok(Platform { program: Some(program), ..platform })
    }

    /// The way to a platform that runs already; `writer` tells these writes from those of others.
    pub fn at(origin: &str, writer: String) -> Result<Platform, Broken> {
        let http =
            Client::builder().no_proxy().timeout(ANSWER_LIMIT).build().trying("making an HTTP client")?;
        let origin = origin.trim_end_matches('/').to_owned();
        Ok(Platform { program: None, http, origin, writer, writes: AtomicU32::new(0) })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Puts the platform's clock to an instant.
    pub async fn set_clock(&self, at: UtcMillis) -> Result<PlatformClock, Broken> {
        let at = at.to_rfc3339().ok_or_else(|| Broken::new("an instant beyond the calendar"))?;
        self.done(self.request(Method::POST, "/demo/clock", None).json(&json!({ "at": at }))).await
    }

    /// What the platform takes for the time.
    pub async fn clock(&self) -> Result<PlatformClock, Broken> {
        self.done(self.request(Method::GET, "/demo/clock", None)).await
    }

    /// Signs a member of staff in.
    pub async fn sign_in(&self, desk: Desk, login: &str, password: &str) -> Result<Caller, Broken> {
        let path = match desk {
            Desk::Operator => "/api/o/v1/auth/login",
            Desk::Merchant => "/api/m/v1/auth/login",
        };
        let body = json!({ "login": login, "password": password });
        let Token { token } = self.done(self.request(Method::POST, path, None).json(&body)).await?;
        Ok(Caller { token })
    }

    /// Signs a consumer in with the one-time password that the demo shows instead of sending it.
    pub async fn sign_in_phone(&self, phone: &str) -> Result<Caller, Broken> {
        let body = json!({ "phone": phone });
        let _: Value = self.done(self.request(Method::POST, "/api/c/v1/auth/otp", None).json(&body)).await?;
        let shown = self.request(Method::GET, &format!("/demo/otp?phone={phone}"), None);
        let Otp { code } = self.done(shown).await?;
        // A new phone agrees to the account's text; an old one has done so.
        let body = json!({ "phone": phone, "code": code, "account_text_version": 1 });
        let Token { token } =
            self.done(self.request(Method::POST, "/api/c/v1/auth/login", None).json(&body)).await?;
        Ok(Caller { token })
    }

    /// Reads something; a refusal is a broken step.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, caller: Option<&Caller>) -> Result<T, Broken> {
        self.done(self.request(Method::GET, path, caller)).await
    }

    /// Writes something; a refusal is a broken step.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        caller: &Caller,
        body: &impl Serialize,
    ) -> Result<T, Broken> {
        self.done(self.write(path, caller).json(body)).await
    }

    /// Writes something that may be refused.
    pub async fn try_post<T: DeserializeOwned>(
        &self,
        path: &str,
        caller: &Caller,
        body: &impl Serialize,
    ) -> Result<Reply<T>, Broken> {
        self.reply(self.write(path, caller).json(body)).await
    }

    /// Stops the process, if it is ours.
    pub async fn stop(&mut self) -> Result<(), Broken> {
        match &mut self.program {
            Some(program) => program.kill().await,
            None => Ok(()),
        }
    }

    fn request(&self, method: Method, path: &str, caller: Option<&Caller>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        match caller {
            Some(caller) => request.bearer_auth(&caller.token),
            None => request,
        }
    }

    fn write(&self, path: &str, caller: &Caller) -> RequestBuilder {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        self.request(Method::POST, path, Some(caller))
            .header("idempotency-key", format!("{}-{number}", self.writer))
    }

    async fn done<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Broken> {
        match self.reply(request).await? {
            Reply::Done(answer) => Ok(answer),
            Reply::Refused(status, problem) => {
                Err(Broken::new(format!("the platform answered {status} {}", problem.code)))
            }
        }
    }

    async fn reply<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Reply<T>, Broken> {
        let request = request.build().trying("building a request")?;
        let what = format!("{} {}", request.method(), request.url().path());
        let answer = self.http.execute(request).await.trying(&what)?;
        let status = answer.status();
        if status.is_success() {
            Ok(Reply::Done(answer.json().await.trying(&what)?))
        } else {
            Ok(Reply::Refused(status, answer.json().await.unwrap_or_default()))
        }
    }
}
