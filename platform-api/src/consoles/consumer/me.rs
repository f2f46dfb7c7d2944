//! My account: name, settings, sign out.

use super::{
    super::{page, page::PageError, page::PageForm},
    keys,
};
use crate::{
    foundation::{act::Act, app::App, db::Tx, error::Code, request::Call},
    modules::consumers::{self, Account, ConsumersError, Purpose},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "phone/me.html")]
struct MePage {
    tab: &'static str,
    notice: Option<&'static str>,
    error: Option<&'static str>,
    name: String,
    initial: String,
    name_masked: String,
    phone_masked: String,
    has_profile: bool,
    consents_live: usize,
}

/// How the page is reached.
#[derive(Deserialize)]
pub(super) struct Way {
    /// After something was saved.
    #[serde(default)]
    saved: Option<String>,
    /// After a name that cannot be taken.
    #[serde(default)]
    name_refused: Option<String>,
}

/// `GET /phone/me`
pub(super) async fn page(
    State(app): State<App>,
    call: Call,
    Query(way): Query<Way>,
) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let load = move |tx: &mut Tx<'_>, _: &Act| {
        let mut live = 0;
        for purpose in [Purpose::Account, Purpose::CrowdCode, Purpose::Personalised] {
            live += usize::from(consumers::has_consent(tx, id, purpose)?);
        }
        Ok::<_, ConsumersError>((consumers::account(tx, &keys, id)?, live))
    };
    let (account, consents_live) = app.read(call, load).await?;
    let refused = way.name_refused.is_some();
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page::html(
        status,
        &MePage {
            notice: way.saved.map(|_| "已保存。"),
            error: refused.then_some("称呼请填 1 到 20 个字。"),
            ..MePage::new(account, consents_live)
        },
    )
}

impl MePage {
    fn new(account: Account, consents_live: usize) -> MePage {
        MePage {
            tab: "me",
            notice: None,
            error: None,
            initial: account.name.chars().take(1).collect(),
            has_profile: account.profile.is_some(),
            name: account.name,
            name_masked: account.name_masked,
            phone_masked: account.phone_masked,
            consents_live,
        }
    }
}

/// The form.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameForm {
    name: String,
}

/// `POST /phone/me/name`
pub(super) async fn rename(
    State(app): State<App>,
    call: Call,
    PageForm(form): PageForm<NameForm>,
) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let rename =
        move |tx: &mut Tx<'_>, act: &Act| consumers::rename(tx, act, &keys, (id, &form.name)).map(drop);
    match app.write_unkeyed(call, rename).await {
        Ok(()) => Ok(page::go("/phone/me?saved=1")),
        Err(problem) if problem.code() == Code::Invalid => Ok(page::go("/phone/me?name_refused=1")),
        Err(problem) => Err(problem.into()),
    }
}
