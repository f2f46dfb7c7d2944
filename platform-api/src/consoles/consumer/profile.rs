//! The profile form.

use super::{
    super::{page, page::PageError, page::PageForm},
    keys,
};
use crate::{
    foundation::{act::Act, app::App, db::Tx, error::Code, request::Call},
    modules::consumers::{
        self, ConsumersError, Household, Occupation, Profile, Purpose, Study, Talent, Visit,
    },
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use domain::ids::CityCode;
use serde::Deserialize;

/// Cities a person chooses from: those next door and the largest; the last stands for all others.
const CITIES: [(&str, &str); 14] = [
    ("330200", "宁波"),
    ("330100", "杭州"),
    ("330900", "舟山"),
    ("330600", "绍兴"),
    ("331000", "台州"),
    ("330300", "温州"),
    ("310100", "上海"),
    ("320500", "苏州"),
    ("320100", "南京"),
    ("110100", "北京"),
    ("440100", "广州"),
    ("440300", "深圳"),
    ("510100", "成都"),
    ("100000", "其他城市"),
];

struct Choices {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    as_chips: bool,
    options: Vec<Choice>,
}

struct Choice {
    value: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "phone/profile.html")]
struct ProfilePage {
    tab: &'static str,
    error: Option<&'static str>,
    birth_year: String,
    choices: Vec<Choices>,
}

/// The form as it is filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    birth_year: String,
    household: String,
    study: String,
    occupation: String,
    home_city: String,
    visit: String,
    talent: String,
}

impl From<Profile> for Answers {
    fn from(profile: Profile) -> Answers {
        Answers {
            birth_year: profile.birth_year.to_string(),
            household: profile.household.as_str().to_owned(),
            study: profile.study.as_str().to_owned(),
            occupation: profile.occupation.as_str().to_owned(),
            home_city: profile.home_city.get().to_string(),
            visit: profile.visit.as_str().to_owned(),
            talent: profile.talent.as_str().to_owned(),
        }
    }
}

impl Answers {
    fn profile(&self) -> Option<Profile> {
        Some(Profile {
            birth_year: self.birth_year.parse().ok()?,
            household: Household::from_text(&self.household)?,
            study: Study::from_text(&self.study)?,
            occupation: Occupation::from_text(&self.occupation)?,
            home_city: CityCode::new(self.home_city.parse().ok()?),
            visit: Visit::from_text(&self.visit)?,
            talent: Talent::from_text(&self.talent)?,
        })
    }

    fn page(&self, error: Option<&'static str>) -> ProfilePage {
        let household =
            list(Household::ALL.iter().map(|each| (each.as_str(), each.label())), &self.household);
        let study = list(Study::ALL.iter().map(|each| (each.as_str(), each.label())), &self.study);
        let work = list(Occupation::ALL.iter().map(|each| (each.as_str(), each.label())), &self.occupation);
        let visit = list(Visit::ALL.iter().map(|each| (each.as_str(), each.label())), &self.visit);
        let talent = list(Talent::ALL.iter().map(|each| (each.as_str(), each.label())), &self.talent);
        let cities = list(CITIES.into_iter(), &self.home_city);
        let select = |name, label, hint, options| Choices { name, label, hint, as_chips: false, options };
        let choices = vec![
            Choices {
                name: "household",
                label: "和谁一起生活",
                hint: "",
                as_chips: true,
                options: household,
            },
            select("home_city", "常住城市", "", cities),
            select("visit", "来本市的原因", "", visit),
            select("study", "学习阶段", "", study),
            select("occupation", "职业", "", work),
            select("talent", "人才称号", "称号经审核后才会生效。", talent),
        ];
        ProfilePage { tab: "me", error, birth_year: self.birth_year.clone(), choices }
    }
}

fn list(options: impl Iterator<Item = (&'static str, &'static str)>, chosen: &str) -> Vec<Choice> {
    options.map(|(value, label)| Choice { value, label, chosen: value == chosen }).collect()
}

/// `GET /phone/profile`
pub(super) async fn page(State(app): State<App>, call: Call) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let load = move |tx: &mut Tx<'_>, _: &Act| {
        let allowed = consumers::has_consent(tx, id, Purpose::CrowdCode)?;
        Ok::<_, ConsumersError>((allowed, consumers::account(tx, &keys, id)?.profile))
    };
    let (allowed, profile) = app.read(call, load).await?;
    if !allowed {
        return Ok(page::go("/phone/consents?need=1"));
    }
    page::ok(&profile.map(Answers::from).unwrap_or_default().page(None))
}

/// `POST /phone/profile`
pub(super) async fn save(
    State(app): State<App>,
    call: Call,
    PageForm(answers): PageForm<Answers>,
) -> Result<Response, PageError> {
    let (id, keys) = (page::consumer(&call)?, keys(&app)?);
    let again = |error| page::html(StatusCode::UNPROCESSABLE_ENTITY, &answers.page(Some(error)));
    let Some(profile) = answers.profile() else {
        return again("有一项没有填对，请检查出生年份和各个选项。");
    };
    let save = move |tx: &mut Tx<'_>, act: &Act| consumers::save_profile(tx, act, &keys, (id, &profile));
    let Err(problem) = app.write_unkeyed(call, save).await else { return Ok(page::go("/phone/code")) };
    if problem.code() == Code::NotEligible {
        again("未满 14 周岁不做人群赋码，资料没有保存。您仍可以使用公开发放的消费券。")
    } else if problem.code() == Code::Invalid {
        again("出生年份不对，请填写四位数字的年份。")
    } else if problem.code() == Code::ConsentRequired {
        Ok(page::go("/phone/consents?need=1"))
    } else {
        Err(problem.into())
    }
}
