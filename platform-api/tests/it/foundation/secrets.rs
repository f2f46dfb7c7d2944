//! Key files are made once, belong to their owner alone, and are refused when damaged.

use platform_api::foundation::{
    entropy::SeededEntropy,
    secrets::{SecretError, Secrets, keyed_hash},
};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn a_key_is_made_once_and_only_its_owner_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(&folder.path().join("keys")).unwrap();
    let key = secrets.key("phone", &SeededEntropy::new(1)).unwrap();
    assert_eq!(secrets.key("phone", &SeededEntropy::new(2)).unwrap(), key);
    let reopened = Secrets::open(&folder.path().join("keys")).unwrap();
    assert_eq!(reopened.key("phone", &SeededEntropy::new(2)).unwrap(), key);
    assert_ne!(secrets.key("other", &SeededEntropy::new(2)).unwrap(), key);
    let mode = fs::metadata(folder.path().join("keys/phone.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_key_file_is_refused_rather_than_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(folder.path()).unwrap();
    fs::write(folder.path().join("phone.key"), b"short").unwrap();
    let refused = secrets.key("phone", &SeededEntropy::new(1)).unwrap_err();
    assert!(matches!(refused, SecretError::Length { name: "phone" }));
}

#[test]
fn the_keyed_hash_is_hmac_sha_256() {
    // RFC 4231, case 2, with its key filled with zeros to the 32 bytes of our keys: HMAC pads keys with zeros anyway.
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(keyed_hash(&key, "what do ya want for nothing?"), expected);
}
