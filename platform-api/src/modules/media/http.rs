//! Media over HTTP: uploaded by operators, fetched by kiosks in ranges.

use super::{
    folder::Folder,
    jobs::JOBS,
    model::{MediaError, Picture},
    rules::{self, FILE_BYTES_MAX, Part},
    service,
};
use crate::{
    foundation::{
        act::Role,
        app::App,
        error::{Code, Problem},
        guard::{Access, Row},
        page::{Page, PageQuery},
        request::Call,
    },
    modules::Module,
};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::media::{MediaHash, MediaRef};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

const EDITORS: Access = Access::Roles(&[Role::OpSuper, Role::OpCampaignEditor, Role::OpMerchantReviewer]);
const VIEWERS: Access = Access::Roles(&[
    Role::OpSuper,
    Role::OpCampaignEditor,
    Role::OpCampaignApprover,
    Role::OpMerchantReviewer,
    Role::OpAuditor,
]);
const KIOSK: Access = Access::Roles(&[Role::Kiosk]);

/// Pictures scaled at once: each takes a core and up to 200 MB.
const SCALING_MAX: usize = 2;
/// Uploads that hold their file in memory, in work or waiting; one more is told to come back.
const UPLOADS_MAX: usize = 8;
/// Media read at once: each up to 16 MB.
const READING_MAX: usize = 32;
static SCALING: Semaphore = Semaphore::const_new(SCALING_MAX);
static UPLOADS: Semaphore = Semaphore::const_new(UPLOADS_MAX);
static READING: Semaphore = Semaphore::const_new(READING_MAX);

/// A medium never changes under its name, and what it shows hangs in every mall.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const ACCESS: &[Row] = &[
    Row::post("/api/o/v1/pictures", EDITORS)
        .unkeyed("a picture is named by what it holds: the same file again is the same picture")
        .body_up_to(FILE_BYTES_MAX),
    Row::get("/api/o/v1/pictures", VIEWERS),
    Row::get("/api/o/v1/media/{sha256}", VIEWERS),
    Row::get("/api/k/v1/media/{sha256}", KIOSK),
];

/// The module as the router takes it.
pub fn module() -> Module {
    let routes = OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(list_pictures))
        .routes(routes!(view_medium))
        .routes(routes!(fetch_medium));
    Module { jobs: JOBS, ..Module::new(routes, ACCESS) }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Problem {
        match error {
            MediaError::Field(name) => Problem::new(Code::Invalid).field("field", name),
            MediaError::Format => Problem::new(Code::UnsupportedMedia).detail("PNG or JPEG only"),
            MediaError::Broken(_) => Problem::new(Code::Invalid).detail("the picture cannot be decoded"),
            MediaError::Size { width, height } => {
                let detail = "64 to 8192 pixels an edge, 24 million in all, at most 4 to 1";
                Problem::new(Code::Invalid).detail(detail).field("width", width).field("height", height)
            }
            MediaError::TooLarge => Problem::new(Code::TooLarge),
            MediaError::Unknown => Problem::new(Code::NotFound),
            MediaError::Folder(_) => Problem::internal(&error),
            MediaError::Database(error) => error.into(),
        }
    }
}

/// What the picture is to be called.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct UploadQuery {
    /// 1 to 40 characters, for those who look for it later.
    #[param(example = "夜宵烧烤")]
    name: String,
}

/// One width of a picture.
#[derive(Serialize, ToSchema)]
struct VariantBody {
    /// Names the medium at `/api/o/v1/media/{sha256}`.
    sha256: String,
    bytes: u32,
    width: u32,
    height: u32,
    /// `image/jpeg`, or `image/png` for a picture with transparency.
    mime: String,
}

impl From<MediaRef> for VariantBody {
    fn from(media: MediaRef) -> VariantBody {
        let MediaRef { sha256, bytes, width, height, mime } = media;
        VariantBody { sha256: sha256.to_string(), bytes, width, height, mime }
    }
}

/// A picture that batches and stores can name.
#[derive(Serialize, ToSchema)]
struct PictureBody {
    /// SHA-256 of the file that was uploaded.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    id: String,
    #[schema(example = "夜宵烧烤")]
    name: String,
    /// Narrowest first; never wider than the file.
    variants: Vec<VariantBody>,
}

impl From<Picture> for PictureBody {
    fn from(picture: Picture) -> PictureBody {
        let variants = picture.variants.into_iter().map(VariantBody::from).collect();
        PictureBody { id: picture.id.to_string(), name: picture.name, variants }
    }
}

/// Takes a PNG or JPEG of at most 8 MiB in, scaled to 540, 1080 and 2160 pixels across and written anew without EXIF.
#[utoipa::path(post, path = "/api/o/v1/pictures", tag = "media", params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "image/*", description = "the file as it is"),
    responses((status = 201, body = PictureBody, description = "also for a file that is known already"),
        (status = 413, description = "TOO_LARGE: more than 8 MiB"),
        (status = 415, description = "UNSUPPORTED_MEDIA: neither PNG nor JPEG"),
        (status = 422, description = "INVALID: damaged, or `width` by `height` beyond the limits"),
        (status = 503, description = "OVERLOADED: eight uploads are in work")))]
async fn upload(
    State(app): State<App>,
    call: Call,
    Query(query): Query<UploadQuery>,
    body: Body,
) -> Result<Response, Problem> {
    let overloaded = || Problem::new(Code::Overloaded).retry_after_s(2);
    let _place = UPLOADS.try_acquire().map_err(|_| overloaded())?;
    let file = to_bytes(body, FILE_BYTES_MAX).await.map_err(|_| Problem::new(Code::TooLarge))?;
    let turn = SCALING.acquire().await.map_err(|_| overloaded())?;
    let data = app.config.database.folder.clone();
    let work = tokio::task::spawn_blocking(move || service::prepare(&data, &query.name, &file));
    let prepared = work.await.map_err(|error| Problem::internal(&error))??;
    drop(turn);
    let picture = app.write_unkeyed(call, move |tx, act| service::record(tx, act, &prepared)).await?;
    Ok((StatusCode::CREATED, Json(PictureBody::from(picture))).into_response())
}

/// The pictures there are, by id.
#[utoipa::path(get, path = "/api/o/v1/pictures", tag = "media", params(PageQuery),
    responses((status = 200, body = Page<PictureBody>)))]
async fn list_pictures(
    State(app): State<App>,
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PictureBody>>, Problem> {
    let (after, limit) = (page.after()?, page.limit());
    let pictures = app.read(call, move |tx, _| service::list(tx, &after, limit + 1)).await?;
    let bodies = pictures.into_iter().map(PictureBody::from).collect();
    Ok(Json(Page::from_rows(bodies, limit, |picture: &PictureBody| picture.id.clone())))
}

/// One medium for the eyes of an operator; like the route for kiosks.
#[utoipa::path(get, path = "/api/o/v1/media/{sha256}", tag = "media",
    params(("sha256" = String, Path, description = "the medium's hash, 64 lower-case hexadecimal digits")),
    responses((status = 200, description = "the whole medium"), (status = 404, description = "NOT_FOUND")))]
async fn view_medium(
    State(app): State<App>,
    call: Call,
    Path(sha256): Path<MediaHash>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    medium(&app, call, sha256, &headers).await
}

/// One medium that a feed row names, or a range of it. It never changes: the `ETag` is its hash.
#[utoipa::path(get, path = "/api/k/v1/media/{sha256}", tag = "kiosk",
    params(("sha256" = String, Path, description = "the medium's hash, 64 lower-case hexadecimal digits"),
        ("range" = Option<String>, Header, description = "one range, for example `bytes=0-262143`; several give the whole"),
        ("if-range" = Option<String>, Header, description = "the `ETag` the range is meant for")),
    responses((status = 200, description = "the whole medium"),
        (status = 206, description = "the range, with `Content-Range`"),
        (status = 304, description = "`If-None-Match` names it"),
        (status = 404, description = "NOT_FOUND: no such medium"),
        (status = 416, description = "RANGE_NOT_SATISFIABLE: it begins behind the end; `Content-Range` says where that is")))]
async fn fetch_medium(
    State(app): State<App>,
    call: Call,
    Path(sha256): Path<MediaHash>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    medium(&app, call, sha256, &headers).await
}

async fn medium(app: &App, call: Call, sha256: MediaHash, headers: &HeaderMap) -> Result<Response, Problem> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let media = app.read(call, move |tx, _| service::medium(tx, sha256)).await?;
    let etag = format!("\"{sha256}\"");
    let same = |tag: &str| tag.trim() == etag || tag.trim() == "*";
    if text(header::IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(same)) {
        return Ok((StatusCode::NOT_MODIFIED, cached(etag)).into_response());
    }
    let length = u64::from(media.bytes);
    let (range, partial) = match rules::part(text(header::RANGE), text(header::IF_RANGE), (&etag, length)) {
        Part::Whole => (0..length, None),
        Part::Range(range) => {
            let content_range = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
            (range, Some(content_range))
        }
        Part::Beyond => {
            let nowhere = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((nowhere, Problem::new(Code::RangeNotSatisfiable)).into_response());
        }
    };
    let bytes = read(app, sha256, range).await?;
    let kind = [(header::CONTENT_TYPE, media.mime)];
    Ok(match partial {
        None => (StatusCode::OK, cached(etag), kind, bytes).into_response(),
        Some(range) => {
            let range = [(header::CONTENT_RANGE, range)];
            (StatusCode::PARTIAL_CONTENT, cached(etag), kind, range, bytes).into_response()
        }
    })
}

fn cached(etag: String) -> [(HeaderName, String); 4] {
    [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, FOR_EVER.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        // It came from outside: a browser must not make a page of it.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ]
}

async fn read(app: &App, sha256: MediaHash, range: std::ops::Range<u64>) -> Result<Vec<u8>, Problem> {
    let overloaded = || Problem::new(Code::Overloaded).retry_after_s(1);
    let _turn = READING.acquire().await.map_err(|_| overloaded())?;
    let folder = Folder::of(&app.config.database.folder);
    let read = tokio::task::spawn_blocking(move || folder.read(sha256, range)).await;
    let found =
        read.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    found.ok_or_else(|| {
        tracing::error!(medium = %sha256, "a medium that a picture names is not in the folder; upload it again");
        Problem::new(Code::NotFound)
    })
}
