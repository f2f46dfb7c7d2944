//! Who and what is in the demo city, for those who play its people.

use crate::{
    foundation::{
        app::App,
        db::{DbError, Tx},
        error::Problem,
        request::Call,
    },
    modules::{campaigns, consumers, consumers::Keys, merchants},
    seed::{Cast, Plan},
};
use axum::{Json, extract::State};
use domain::{ids::BatchId, time::UtcMillis};
use serde::Serialize;
use utoipa::ToSchema;

/// The demo city.
#[derive(Serialize, ToSchema)]
pub(super) struct CityBody {
    /// The mall's id.
    mall: String,
    /// The mall's name.
    mall_name: String,
    /// The password of all staff.
    staff_password: String,
    /// Who can sign in at the consoles.
    staff: Vec<StaffBody>,
    /// Who has a phone.
    consumers: Vec<ConsumerBody>,
    /// What is offered.
    batches: Vec<BatchBody>,
    /// Where it can be used.
    stores: Vec<StoreBody>,
}

#[derive(Serialize, ToSchema)]
struct StaffBody {
    login: String,
    role: String,
    /// The merchant's name.
    merchant: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ConsumerBody {
    /// What the plan calls the person, for example `young_single`.
    key: String,
    name: String,
    phone: String,
    /// The numbers of the person's tags.
    tags: Vec<u32>,
}

#[derive(Serialize, ToSchema)]
struct BatchBody {
    id: String,
    campaign: String,
    title: String,
    /// The numbers of the tags its targeting names.
    targeted_tags: Vec<u32>,
}

#[derive(Serialize, ToSchema)]
struct StoreBody {
    id: String,
    merchant: String,
    name: String,
    place: String,
}

#[utoipa::path(get, path = "/demo/city", tag = "demo", responses((status = 200, body = CityBody)))]
pub(super) async fn show(State(app): State<App>, call: Call) -> Result<Json<CityBody>, Problem> {
    let plan = Plan::demo().map_err(|error| Problem::internal(&error))?;
    let keys = Keys::of(&app).map_err(|error| Problem::internal(&error))?;
    app.read(call, move |tx, act| body(tx, &plan.cast(), &keys, act.now)).await.map(Json)
}

fn body(tx: &mut Tx<'_>, cast: &Cast, keys: &Keys, now: UtcMillis) -> Result<CityBody, DbError> {
    let query = merchants::StoreQuery { limit: STORES_MAX, ..merchants::StoreQuery::default() };
    let stores = merchants::stores(tx, &query)?;
    let mall = stores.first().map(|store| store.mall.to_string()).unwrap_or_default();
    let staff = cast.staff.iter().map(|(login, role, merchant)| StaffBody {
        login: login.clone(),
        role: role.as_str().to_owned(),
        merchant: merchant.clone(),
    });
    let mut consumers = Vec::new();
    for (key, name, phone) in &cast.consumers {
        let id = consumers::find_seeded(tx, keys, phone)?;
        let tags = id.map(|id| consumers::tags_of(tx, id, now)).transpose()?.unwrap_or_default();
        let tags = tags.into_iter().map(|tag| tag.get()).collect();
        consumers.push(ConsumerBody { key: key.clone(), name: name.clone(), phone: phone.clone(), tags });
    }
    Ok(CityBody {
        mall,
        mall_name: cast.mall_name.clone(),
        staff_password: cast.staff_password.clone(),
        staff: staff.collect(),
        consumers,
        batches: batches(tx)?,
        stores: stores
            .into_iter()
            .map(|store| StoreBody {
                id: store.id.to_string(),
                merchant: store.merchant.to_string(),
                name: store.name,
                place: store.place,
            })
            .collect(),
    })
}

const STORES_MAX: u32 = 200;
const CAMPAIGNS_MAX: u32 = 50;
const BATCHES_MAX: u32 = 200;

fn batches(tx: &mut Tx<'_>) -> Result<Vec<BatchBody>, DbError> {
    let mut bodies = Vec::new();
    for campaign in campaigns::campaigns(tx, "", CAMPAIGNS_MAX)? {
        for batch in campaigns::batches(tx, campaign.id, ("", BATCHES_MAX))? {
            bodies.extend(batch_body(tx, batch.id, &campaign.id.to_string(), batch.version)?);
        }
    }
    Ok(bodies)
}

fn batch_body(
    tx: &mut Tx<'_>,
    id: BatchId,
    campaign: &str,
    version: Option<u32>,
) -> Result<Option<BatchBody>, DbError> {
    let Some(version) = version else { return Ok(None) };
    let version = campaigns::batch_version(tx, id, version)?;
    Ok(version.map(|version| BatchBody {
        id: id.to_string(),
        campaign: campaign.to_owned(),
        title: version.content.title,
        targeted_tags: version.content.terms.targeting.tags().iter().map(|tag| tag.get()).collect(),
    }))
}
