//! `kiosk decode`: one JSON line a file, and an honest exit code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kiosk::ports::Frame;
use serde_json::Value;

use crate::frames::{Look, with_code};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn save(frame: &Frame, file: &Path) {
    image::save_buffer(file, &frame.luma, frame.width, frame.height, image::ColorType::L8).unwrap();
}

fn decode(files: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kiosk")).arg("decode").args(files).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_picture_gets_a_line_with_text_exact_bytes_and_the_step_that_read_it() {
    let folder = folder("decode-lines");
    let (code, blank) = (folder.join("code.png"), folder.join("blank.png"));
    save(&with_code("消费通".as_bytes(), Look::default(), (320, 240)), &code);
    save(&crate::idle_scene::frame(vec![200; 64 * 64], 64, 64), &blank);
    let output = decode(&[&code, &blank]);
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["file"], code.to_str().unwrap());
    assert_eq!(lines[0]["payloads"], serde_json::json!(["消费通"]));
    assert_eq!(lines[0]["payloads_hex"], serde_json::json!(["e6b688e8b4b9e9809a"]));
    assert_eq!(lines[0]["pass"], "as-is");
    assert!(lines[0]["ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(lines[1]["payloads"], serde_json::json!([]));
    assert_eq!(lines[1]["pass"], Value::Null);
}

#[test]
fn what_is_transparent_counts_as_white() {
    let file = folder("decode-alpha").join("transparent.png");
    let code = with_code(b"GLASS", Look { light: 255, dark: 0, around: 255, ..Look::default() }, (320, 240));
    let pixels: Vec<u8> = code.luma.iter().flat_map(|light| [0, 0, 0, 255 - light]).collect();
    image::save_buffer(&file, &pixels, code.width, code.height, image::ColorType::Rgba8).unwrap();
    assert_eq!(lines(&decode(&[&file]))[0]["payloads"], serde_json::json!(["GLASS"]));
}

#[test]
fn a_file_that_is_no_picture_is_named_and_does_not_stop_the_rest() {
    let folder = folder("decode-errors");
    let (code, text, absent) = (folder.join("code.png"), folder.join("text.png"), folder.join("absent.png"));
    save(&with_code(b"STILL READ", Look::default(), (320, 240)), &code);
    std::fs::write(&text, "no picture").unwrap();
    let output = decode(&[&absent, &text, &code]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("absent.png") && errors.contains("text.png"), "{errors}");
    assert!(!errors.contains("code.png"), "{errors}");
    let lines = lines(&output);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["payloads"], serde_json::json!(["STILL READ"]));
}

#[test]
fn no_command_gives_the_usage_and_fails() {
    let output = Command::new(env!("CARGO_BIN_EXE_kiosk")).arg("decode").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: kiosk"));
}
