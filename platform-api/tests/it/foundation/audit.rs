//! The audit chain shows every entry that was changed, removed or moved.

use crate::harness::Platform;
use platform_api::foundation::{
    act::Actor,
    audit::{self, ChainError, Entry},
    db::DbError,
};

fn stream() -> String {
    format!("O/{}", crate::harness::START.day().get())
}

fn entry(subject: &'static str) -> Entry<'static> {
    Entry { surface: "O", action: "batch.pause", subject, before: Some("{}"), after: None, reason: "缺货" }
}

fn platform_with_three_entries() -> Platform {
    let platform = Platform::new();
    for subject in ["batch:1", "batch:2", "batch:3"] {
        let act = platform.act(Actor::System("test"));
        platform.db().write(move |tx| audit::append(tx, &act, &entry(subject))).unwrap();
    }
    platform
}

fn verify(platform: &Platform) -> Result<String, ChainError> {
    platform.db().read(|tx| audit::verify(tx, &stream()))
}

#[test]
fn an_untouched_chain_verifies_to_its_anchor() {
    assert_eq!(verify(&platform_with_three_entries()).unwrap().len(), 64);
}

#[test]
fn entries_can_be_neither_changed_nor_removed() {
    let platform = platform_with_three_entries();
    for sql in ["UPDATE audit_entry SET reason = ''", "DELETE FROM audit_entry"] {
        let refused = platform.db().write(move |tx| tx.execute(sql, &[])).unwrap_err();
        assert!(refused.is_check("audit_entry_append_only"), "{refused:?}");
    }
}

#[test]
fn who_gets_past_the_triggers_still_breaks_the_chain() {
    let attacks: [(&[&'static str], i64); 3] = [
        (&["UPDATE audit_entry SET reason = 'other' WHERE seq = 2"], 2),
        (&["DELETE FROM audit_entry WHERE seq = 2"], 2),
        (
            &[
                "UPDATE audit_entry SET seq = 9 WHERE seq = 1",
                "UPDATE audit_entry SET seq = 1 WHERE seq = 2",
                "UPDATE audit_entry SET seq = 2 WHERE seq = 9",
            ],
            1,
        ),
    ];
    for (statements, broken_at) in attacks {
        let platform = platform_with_three_entries();
        let attack = platform.db().write(move |tx| {
            tx.execute("DROP TRIGGER audit_entry_no_update", &[])?;
            tx.execute("DROP TRIGGER audit_entry_no_delete", &[])?;
            for sql in statements {
                tx.execute(sql, &[])?;
            }
            Ok::<_, DbError>(())
        });
        attack.unwrap();
        let found = verify(&platform).unwrap_err();
        assert!(matches!(found, ChainError::Broken { seq, .. } if seq == broken_at), "{found:?}");
    }
}
