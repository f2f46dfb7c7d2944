//! Which changes concern a kiosk, and how they become a page. Pure.

use crate::foundation::change_log::LoggedChange;
use domain::ids::{DeviceId, MallId};
use protocol::feed::{Change, Page};

/// Where the reading kiosk stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) device: DeviceId,
    pub(super) mall: MallId,
}

impl Reader {
    fn is_concerned(&self, scope: &str) -> bool {
        scope == "city"
            || scope.strip_prefix("mall:").is_some_and(|id| id.parse() == Ok(self.mall))
            || scope.strip_prefix("kiosk:").is_some_and(|id| id.parse() == Ok(self.device))
    }
}

/// The page for `reader`: changes that concern others move the cursor and nothing else.
pub(super) fn page(
    since: u64,
    logged: &[LoggedChange],
    more: bool,
    reader: &Reader,
) -> Result<Page, serde_json::Error> {
    let next = logged.last().map_or(since, |change| u64::try_from(change.seq).unwrap_or(since));
    let changes: Result<Vec<Change>, _> =
        logged.iter().filter(|change| reader.is_concerned(&change.scope)).map(to_wire).collect();
    Ok(Page { since, next, more, changes: changes? })
}

fn to_wire(change: &LoggedChange) -> Result<Change, serde_json::Error> {
    let row = change.body.as_deref().map(serde_json::from_str).transpose()?;
    Ok(Change { kind: change.kind.clone(), id: change.id.clone(), row })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::UtcMillis;

    fn logged(seq: i64, scope: String, body: Option<&str>) -> LoggedChange {
        let (kind, id) = ("store".to_owned(), seq.to_string());
        LoggedChange { seq, kind, id, scope, body: body.map(ToOwned::to_owned), at: UtcMillis::new(0) }
    }

    #[test]
    fn a_kiosk_gets_what_concerns_its_city_its_mall_and_itself() {
        let reader = Reader { device: DeviceId::from_bytes([1; 16]), mall: MallId::from_bytes([2; 16]) };
        let other = MallId::from_bytes([9; 16]);
        let changes = [
            logged(4, "city".into(), Some("{}")),
            logged(5, format!("mall:{other}"), Some("{}")),
            logged(6, format!("mall:{}", reader.mall), None),
            logged(7, format!("kiosk:{}", reader.device), Some("{}")),
            logged(8, format!("mall:{other}"), Some("{}")),
        ];
        let page = page(3, &changes, true, &reader).unwrap();
        assert_eq!(page.changes.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), ["4", "6", "7"]);
        assert_eq!(
            (page.next, page.more),
            (8, true),
            "what concerns others is passed over, not asked for again"
        );
        assert_eq!(page.changes[1].row, None, "a tombstone");
    }

    #[test]
    fn an_empty_page_keeps_the_cursor() {
        let reader = Reader { device: DeviceId::from_bytes([1; 16]), mall: MallId::from_bytes([2; 16]) };
        assert_eq!(page(12, &[], false, &reader).unwrap().next, 12);
    }
}
