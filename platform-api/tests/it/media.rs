//! Media from outside: uploaded by an operator, named by the feed, fetched by a kiosk in ranges.

use crate::{
    harness::{Answer, Platform},
    kiosk::Kiosk,
    town::{Member, Town, member},
};
use axum::{body::Body, http::Method};
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use platform_api::{
    foundation::act::{Actor, Role},
    modules::{campaigns, media, merchants},
};
use protocol::media::{MediaHash, RANGE_BYTES_MAX};
use serde_json::{Value, json};

/// A JPEG `width` across, half as high.
fn jpeg(width: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, width / 2, |x, y| {
        Rgb([u8::try_from(x % 251).unwrap(), u8::try_from(y % 241).unwrap(), 120])
    });
    let mut file = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 90)).unwrap();
    file
}

async fn upload(platform: &Platform, token: Option<&str>, file: Vec<u8>) -> Answer {
    let path = "/api/o/v1/pictures?name=%E5%A4%9C%E5%AE%B5";
    let request = platform.request(Method::POST, path, token).header("content-type", "image/jpeg");
    platform.send(request.body(Body::from(file)).unwrap()).await
}

fn editor(platform: &Platform) -> Member {
    member(platform, Role::OpCampaignEditor, None)
}

async fn range(platform: &Platform, kiosk: &Kiosk, sha256: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("/api/k/v1/media/{sha256}");
    let mut request = kiosk.request(Method::GET, &path, &Value::Null, platform.app.clock.now());
    for (name, value) in headers {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    platform.send(request).await
}

#[tokio::test]
async fn an_uploaded_picture_is_scaled_to_the_screens_and_recorded_once() {
    let platform = Platform::new();
    let editor = editor(&platform);
    let first = upload(&platform, Some(&editor.token), jpeg(1_200)).await.expect(201);
    let widths: Vec<u64> =
        first["variants"].as_array().unwrap().iter().map(|one| one["width"].as_u64().unwrap()).collect();
    assert_eq!(widths, [540, 1_080, 1_200], "never wider than the file");
    let again = upload(&platform, Some(&editor.token), jpeg(1_200)).await.expect(201);
    assert_eq!(first, again);
    assert_eq!(platform.count("SELECT count(*) AS n FROM picture"), 1);
    let audited = "SELECT count(*) AS n FROM audit_entry WHERE action = 'picture.upload'";
    assert_eq!(platform.count(audited), 1);
    let listed = platform.get("/api/o/v1/pictures", Some(&editor.token)).await.expect(200);
    assert_eq!(listed["items"], json!([first]));
    let file = platform
        .app
        .config
        .database
        .folder
        .join("media")
        .join(first["variants"][0]["sha256"].as_str().unwrap());
    let kept = std::fs::read(file).unwrap();
    assert_eq!(MediaHash::of(&kept).to_string(), first["variants"][0]["sha256"]);
}

#[tokio::test]
async fn only_those_who_draft_offers_upload_and_only_pictures() {
    let platform = Platform::new();
    upload(&platform, None, jpeg(300)).await.expect_problem(401, "UNAUTHENTICATED");
    let auditor = member(&platform, Role::OpAuditor, None);
    upload(&platform, Some(&auditor.token), jpeg(300)).await.expect_problem(403, "FORBIDDEN");
    let editor = editor(&platform);
    let text = b"<script>alert(1)</script>".to_vec();
    upload(&platform, Some(&editor.token), text).await.expect_problem(415, "UNSUPPORTED_MEDIA");
    let half = jpeg(300)[..200].to_vec();
    upload(&platform, Some(&editor.token), half).await.expect_problem(422, "INVALID");
    upload(&platform, Some(&editor.token), vec![0; (8 << 20) + 1]).await.expect_problem(413, "TOO_LARGE");
    upload(&platform, Some(&editor.token), jpeg(60)).await.expect_problem(422, "INVALID");
    assert_eq!(platform.count("SELECT count(*) AS n FROM picture"), 0);
    let stranger = format!("/api/k/v1/media/{}", MediaHash::of(b"x"));
    platform.get(&stranger, Some(&editor.token)).await.expect_problem(403, "FORBIDDEN");
    platform.get(&stranger, None).await.expect_problem(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_large_body_is_not_read_before_its_sender_is_known() {
    let platform = Platform::new();
    // Past every limit, and still the answer is about who asks, not about the size.
    upload(&platform, None, vec![0; (8 << 20) + 1]).await.expect_problem(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_kiosk_fetches_a_medium_in_ranges_and_gets_every_byte() {
    let platform = Platform::new();
    let (editor, kiosk) = (editor(&platform), Kiosk::enrol(&platform, 1).await);
    let picture = upload(&platform, Some(&editor.token), jpeg(2_160)).await.expect(201);
    let variant = &picture["variants"][2];
    let (sha256, bytes) = (variant["sha256"].as_str().unwrap(), variant["bytes"].as_u64().unwrap());
    let whole = range(&platform, &kiosk, sha256, &[]).await;
    assert_eq!((whole.status.as_u16(), whole.header("content-length")), (200, bytes.to_string().as_str()));
    assert_eq!(whole.header("etag"), format!("\"{sha256}\""));
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!((whole.header("accept-ranges"), whole.header("content-type")), ("bytes", "image/jpeg"));
    let mut together = Vec::new();
    while (together.len() as u64) < bytes {
        let from = together.len() as u64;
        let to = (from + u64::from(RANGE_BYTES_MAX)).min(bytes) - 1;
        let tag = format!("\"{sha256}\"");
        let headers = [("range", format!("bytes={from}-{to}")), ("if-range", tag)];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = range(&platform, &kiosk, sha256, &headers).await;
        assert_eq!(answer.status.as_u16(), 206);
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{to}/{bytes}"));
        together.extend_from_slice(&answer.bytes);
    }
    assert_eq!(MediaHash::of(&together).to_string(), sha256);
}

#[tokio::test]
async fn a_range_behind_the_end_another_version_and_an_unknown_medium_are_told_apart() {
    let platform = Platform::new();
    let (editor, kiosk) = (editor(&platform), Kiosk::enrol(&platform, 1).await);
    let picture = upload(&platform, Some(&editor.token), jpeg(300)).await.expect(201);
    let sha256 = picture["variants"][0]["sha256"].as_str().unwrap();
    let bytes = picture["variants"][0]["bytes"].as_u64().unwrap();
    let beyond = range(&platform, &kiosk, sha256, &[("range", &format!("bytes={bytes}-"))]).await;
    beyond.expect_problem(416, "RANGE_NOT_SATISFIABLE");
    assert_eq!(beyond.header("content-range"), format!("bytes */{bytes}"));
    let other = range(&platform, &kiosk, sha256, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status.as_u16(), other.bytes.len() as u64), (200, bytes));
    let same = range(&platform, &kiosk, sha256, &[("if-none-match", &format!("\"{sha256}\""))]).await;
    assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0));
    let unknown = MediaHash::of(b"nothing").to_string();
    range(&platform, &kiosk, &unknown, &[]).await.expect_problem(404, "NOT_FOUND");
    for wrong in ["..%2f..%2fplatform.db", "ABC"] {
        let refused = range(&platform, &kiosk, wrong, &[]).await;
        assert!(refused.status.is_client_error(), "{wrong}: {}", refused.status);
    }
}

#[tokio::test]
async fn a_batch_and_a_store_name_a_picture_and_the_feed_names_its_variants() {
    let town = Town::new().await;
    let platform = &town.platform;
    let (data, file) = (platform.app.config.database.folder.clone(), jpeg(700));
    let prepared = media::prepare(&data, "夜宵", &file).unwrap();
    let picture = town.write(Actor::System("test"), move |tx, act| media::record(tx, act, &prepared));
    let batch = town.batch(|new| new.content.picture = Some(picture.id));
    let (store, id) = (town.noodle_store, picture.id);
    town.write(Actor::System("test"), move |tx, act| merchants::set_store_picture(tx, act, store, Some(id)));
    let logged = town.write(Actor::System("test"), move |tx, _| {
        let found = |tx: &mut _, kind, id: String| platform_api::foundation::change_log::find(tx, kind, &id);
        Ok::<_, platform_api::foundation::db::DbError>([
            found(tx, "batch", batch.to_string())?,
            found(tx, "store", store.to_string())?,
        ])
    });
    for body in logged {
        let row: Value = serde_json::from_str(&body.unwrap()).unwrap();
        let named: Vec<_> =
            row["pictures"].as_array().unwrap().iter().map(|one| one["width"].clone()).collect();
        assert_eq!(named, [540, 700]);
    }
}

#[tokio::test]
async fn a_picture_nobody_uploaded_cannot_be_named() {
    let town = Town::new().await;
    let nothing = media::PictureId::of(b"nothing");
    let new = town.new_batch(|new| new.content.picture = Some(nothing));
    let actor = Actor::Staff(town.editor.staff);
    let act = town.platform.act(actor);
    let refused = town.platform.db().write(move |tx| campaigns::draft_batch(tx, &act, &new));
    assert!(matches!(refused, Err(campaigns::CampaignError::Unknown("picture"))));
    let setup = member(&town.platform, Role::OpSuper, None);
    let path = format!("/api/o/v1/stores/{}/picture", town.noodle_store);
    let request =
        town.platform.request(Method::PUT, &path, Some(&setup.token)).header("idempotency-key", "p1");
    let body = json!({ "picture": nothing }).to_string();
    let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
    town.platform.send(request).await.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn files_of_uploads_that_were_never_recorded_are_swept_after_a_day_and_no_others() {
    let platform = Platform::new();
    let editor = editor(&platform);
    let picture = upload(&platform, Some(&editor.token), jpeg(300)).await.expect(201);
    let folder = platform.app.config.database.folder.join("media");
    media::prepare(&platform.app.config.database.folder, "半途", &jpeg(320)).unwrap();
    std::fs::write(folder.join("x.1-1.draft"), b"half").unwrap();
    let sweep = platform_api::jobs().into_iter().find(|job| job.name == "sweep-media").unwrap();
    let count = || std::fs::read_dir(&folder).unwrap().count();
    let started = std::fs::metadata(folder.join("x.1-1.draft")).unwrap().modified().unwrap();
    let written_ms = started.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let behind_ms = i64::try_from(written_ms).unwrap() - platform.app.clock.now().get();
    platform.clock.advance_ms(behind_ms + 23 * 3_600_000);
    (sweep.run)(&platform.app).unwrap();
    assert_eq!(count(), 3, "an upload may still be in work");
    platform.clock.advance_ms(2 * 3_600_000);
    (sweep.run)(&platform.app).unwrap();
    assert_eq!(count(), 1);
    assert!(folder.join(picture["variants"][0]["sha256"].as_str().unwrap()).exists());
}
