//! Consumers: signing in, consents, tags, codes, and the phone page.

#[path = "consumers/codes.rs"]
mod codes;
#[path = "consumers/consents.rs"]
mod consents;
#[path = "consumers/pages.rs"]
mod pages;
#[path = "consumers/phone_page.rs"]
mod phone_page;
#[path = "consumers/profile.rs"]
mod profile;
#[path = "consumers/ring.rs"]
mod ring;
#[path = "consumers/sign_in.rs"]
mod sign_in;

use crate::harness::Platform;
use domain::ids::ConsumerId;
use platform_api::{
    foundation::act::Actor,
    modules::consumers::{
        self, Evidence, Household, Keys, Level, Occupation, Profile, Purpose, Seeded, Study, Talent, Visit,
    },
};
use serde_json::{Value, json};

/// Everything a person may consent to.
const ALL: &[Purpose] = &[Purpose::Account, Purpose::CrowdCode, Purpose::Personalised];

fn keys(platform: &Platform) -> Keys {
    Keys::of(&platform.app).unwrap()
}

/// A young single who lives here.
fn profile() -> Profile {
    Profile {
        birth_year: 2000,
        household: Household::Single,
        study: Study::NotStudying,
        occupation: Occupation::Employee,
        home_city: domain::ids::CityCode::new(330_200),
        visit: Visit::AtHome,
        talent: Talent::NoTitle,
    }
}

fn profile_json() -> Value {
    json!({"birth_year": 2000, "household": "single", "study": "none", "occupation": "employee",
           "home_city": 330_200, "visit": "none", "talent": "none"})
}

/// A person who is there already.
fn seed(platform: &Platform, phone: &'static str, consents: &'static [Purpose]) -> ConsumerId {
    let (keys, act) = (keys(platform), platform.act(Actor::System("test")));
    let seeded = platform.db().write(move |tx| {
        let person = Seeded { phone, name: "林小夏", profile: Some(&profile()), consents, evidence: &[] };
        consumers::register_seeded(tx, &act, &keys, &person)
    });
    seeded.unwrap()
}

fn evidence(platform: &Platform, kind: &str, level: Level, days: i64) -> Evidence {
    let now = platform.act(Actor::System("test")).now;
    Evidence {
        kind: kind.to_owned(),
        level,
        valid_from: now,
        valid_until: Some(now.plus_ms(days * 86_400_000)),
        reference: "test".to_owned(),
    }
}

/// The names of the tags of a person, as numbers would be useless in a message.
fn tag_names(platform: &Platform, consumer: ConsumerId) -> Vec<&'static str> {
    const NAMES: [&str; 12] = [
        "student_secondary",
        "student_college",
        "student_graduate",
        "talent",
        "scholar_expert",
        "business_traveller",
        "visitor",
        "resident",
        "family",
        "young_single",
        "elder",
        "living_assistance",
    ];
    let now = platform.act(Actor::System("test")).now;
    let found = platform.db().read(move |tx| {
        let tags = consumers::tags_of(tx, consumer, now)?;
        let mut names = Vec::new();
        for name in NAMES {
            let number = consumers::tag_id(tx, name)?.expect("a registered tag");
            names.extend(tags.contains(&number).then_some(name));
        }
        Ok::<_, platform_api::foundation::db::DbError>(names)
    });
    found.unwrap()
}

/// Signs a phone in; a new one agrees to P1.
async fn sign_in(platform: &Platform, phone: &str) -> String {
    platform.post("/api/c/v1/auth/otp", None, json!({"phone": phone})).await.expect(202);
    let code = platform.otp.last(phone).unwrap();
    let body = json!({"phone": phone, "code": code, "account_text_version": 1});
    let answer = platform.post("/api/c/v1/auth/login", None, body).await.expect(200);
    answer["token"].as_str().unwrap().to_owned()
}

async fn consent(platform: &Platform, token: &str, purpose: &str) -> Value {
    let body = json!({"purpose": purpose, "text_version": 1});
    platform.post("/api/c/v1/consents", Some(token), body).await.expect(200)
}
