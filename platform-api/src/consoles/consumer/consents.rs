//! Consents: asked in plain words, one by one, never ticked beforehand.

use super::{
    super::{page, page::PageError, page::PageForm},
    keys,
};
use crate::{
    foundation::{act::Act, app::App, db::Tx, error::Code, request::Call},
    modules::consumers::{self, ConsentText, ConsumersError, Purpose},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use domain::ids::ConsumerId;
use serde::Deserialize;

/// The purposes a person may say no to and still have an account.
const FREE: [Purpose; 2] = [Purpose::CrowdCode, Purpose::Personalised];

struct Choice {
    purpose: &'static str,
    version: u32,
    title: String,
    summary: String,
    body: String,
    live: bool,
}

#[derive(Template)]
#[template(path = "phone/consents.html")]
struct ConsentsPage {
    tab: &'static str,
    welcome: bool,
    error: Option<&'static str>,
    choices: Vec<Choice>,
}

/// How the page is reached.
#[derive(Deserialize)]
pub(super) struct Way {
    /// By somebody new.
    #[serde(default)]
    welcome: Option<String>,
    /// From the profile, which needs a consent.
    #[serde(default)]
    need: Option<String>,
    /// Because a text was replaced meanwhile.
    #[serde(default)]
    replaced: Option<String>,
}

/// `GET /phone/consents`
pub(super) async fn page(
    State(app): State<App>,
    call: Call,
    Query(way): Query<Way>,
) -> Result<Response, PageError> {
    let id = page::consumer(&call)?;
    let choices = app.read(call, move |tx, _| choices(tx, id)).await?;
    let welcome = way.welcome.is_some();
    // Somebody new is led through without ways to stray.
    let tab = if welcome { "" } else { "me" };
    let error = match (way.need, way.replaced) {
        (Some(_), _) => Some("填写资料前，请先同意「人群赋码」。"),
        (None, Some(_)) => Some("说明刚刚更新，请看过新的说明再选择。"),
        (None, None) => None,
    };
    page::html(StatusCode::OK, &ConsentsPage { tab, welcome, error, choices })
}

fn choices(tx: &mut Tx<'_>, id: ConsumerId) -> Result<Vec<Choice>, ConsumersError> {
    let texts = consumers::consent_texts(tx)?;
    let free = texts.into_iter().filter(|text| FREE.contains(&text.purpose));
    free.map(|text| choice(tx, id, text)).collect()
}

fn choice(tx: &mut Tx<'_>, id: ConsumerId, text: ConsentText) -> Result<Choice, ConsumersError> {
    Ok(Choice {
        live: consumers::has_consent(tx, id, text.purpose)?,
        purpose: text.purpose.as_str(),
        version: text.version,
        title: text.title,
        summary: text.summary,
        body: text.body,
    })
}

/// The form: a purpose is there when it was ticked, its version always.
#[derive(Clone, Deserialize)]
pub(super) struct Answers {
    #[serde(rename = "P2")]
    crowd_code: Option<String>,
    #[serde(rename = "P2_version")]
    crowd_code_version: u32,
    #[serde(rename = "P3")]
    personalised: Option<String>,
    #[serde(rename = "P3_version")]
    personalised_version: u32,
    welcome: Option<String>,
    #[serde(default)]
    name: String,
}

/// `POST /phone/consents`
pub(super) async fn save(
    State(app): State<App>,
    call: Call,
    PageForm(answers): PageForm<Answers>,
) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let way_on = match (&answers.welcome, &answers.crowd_code) {
        (Some(_), Some(_)) => "/phone/profile",
        (Some(_), None) => "/phone/code",
        (None, _) => "/phone/me?saved=1",
    };
    let record = move |tx: &mut Tx<'_>, act: &Act| {
        if !answers.name.trim().is_empty() {
            consumers::rename(tx, act, &keys, (id, &answers.name))?;
        }
        let both = [
            (Purpose::CrowdCode, answers.crowd_code.is_some(), answers.crowd_code_version),
            (Purpose::Personalised, answers.personalised.is_some(), answers.personalised_version),
        ];
        for (purpose, agreed, version) in both {
            if agreed {
                consumers::grant_consent(tx, act, id, (purpose, version))?;
            } else if consumers::has_consent(tx, id, purpose)? {
                consumers::withdraw_consent(tx, act, id, purpose)?;
            }
        }
        Ok::<_, ConsumersError>(())
    };
    match app.write_unkeyed(call, record).await {
        Ok(()) => Ok(page::go(way_on)),
        Err(problem) if problem.code() == Code::Conflict => Ok(page::go("/phone/consents?replaced=1")),
        Err(problem) => Err(problem.into()),
    }
}
