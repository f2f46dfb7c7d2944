//! My code: the QR code that renews itself.

use super::{
    super::{page, page::PageError, qr},
    keys,
};
use crate::{
    foundation::{act::Act, app::App, db::Tx, error::Problem, request::Call},
    modules::consumers::{self, CodeShown, ConsumersError, Purpose},
};
use askama::Template;
use axum::{extract::State, response::Response};
use domain::time::UtcMillis;

/// A code as the page and its script take it.
#[derive(Template)]
#[template(path = "phone/qr.html")]
pub(super) struct QrPart {
    pub(super) svg: String,
    /// The same right as digits to be typed.
    pub(super) digits: Option<String>,
    pub(super) renew_in_ms: i64,
    pub(super) expires_in_ms: i64,
}

impl QrPart {
    /// The consumer code.
    fn identify(code: &CodeShown, now: UtcMillis) -> Result<QrPart, Problem> {
        Ok(QrPart {
            svg: qr::svg(&code.text, "消费信息码").map_err(|error| Problem::internal(&error))?,
            digits: None,
            renew_in_ms: code.renew_at.since(now),
            expires_in_ms: code.expires_at.since(now),
        })
    }

    pub(super) fn text(&self) -> Result<String, Problem> {
        self.render().map_err(|error| Problem::internal(&error))
    }
}

#[derive(Template)]
#[template(path = "phone/code.html")]
struct CodePage {
    tab: &'static str,
    name: String,
    personalised: bool,
    has_profile: bool,
    panel_address: &'static str,
    qr: String,
}

struct Shown {
    code: CodeShown,
    now: UtcMillis,
    name: String,
    personalised: bool,
    has_profile: bool,
}

/// `GET /phone/code`
pub(super) async fn page(State(app): State<App>, call: Call) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let show = move |tx: &mut Tx<'_>, act: &Act| {
        let account = consumers::account(tx, &keys, id)?;
        let personalised = consumers::has_consent(tx, id, Purpose::CrowdCode)?
            && consumers::has_consent(tx, id, Purpose::Personalised)?;
        let code = consumers::current_identify_code(tx, act, &keys, id)?;
        let (name, has_profile) = (account.name, account.profile.is_some());
        Ok::<_, ConsumersError>(Shown { code, now: act.now, name, personalised, has_profile })
    };
    let shown = app.write_unkeyed(call, show).await?;
    page::ok(&CodePage {
        tab: "code",
        qr: QrPart::identify(&shown.code, shown.now)?.text()?,
        name: shown.name,
        personalised: shown.personalised,
        has_profile: shown.has_profile,
        panel_address: "/phone/code/panel",
    })
}

/// `GET /phone/code/panel`: the next code, for the script.
pub(super) async fn panel(State(app): State<App>, call: Call) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let show = move |tx: &mut Tx<'_>, act: &Act| {
        let code = consumers::current_identify_code(tx, act, &keys, id)?;
        Ok::<_, ConsumersError>((code, act.now))
    };
    let (code, now) = app.write_unkeyed(call, show).await?;
    page::ok(&QrPart::identify(&code, now)?)
}
