//! Which changes concern a kiosk, and how they become a page. Pure.

use crate::foundation::change_log::LoggedChange;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::{DeviceId, MallId};
use protocol::feed::{Change, Fingerprint, PAGE_CHANGES_MAX};

/// Bytes of rows in one page: well below what a kiosk takes as one answer, also when every letter is escaped.
pub(super) const PAGE_BYTES_MAX: usize = 1 << 20;

/// Whose feed it is: everything the reading kiosk is to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) device: DeviceId,
    pub(super) mall: MallId,
    pub(super) groups: Vec<String>,
}

impl Reader {
    /// The scopes whose changes concern it, each once and in a fixed order.
    pub(super) fn scopes(&self) -> Vec<String> {
        let own = [format!("kiosk:{}", self.device), format!("mall:{}", self.mall), "city".to_owned()];
        let groups = self.groups.iter().map(|group| format!("group:{group}"));
        let mut scopes: Vec<String> = own.into_iter().chain(groups).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

/// Stands for a set of scopes: a kiosk that was moved comes with another one than it should have.
pub(super) fn view(scopes: &[String]) -> Fingerprint {
    Fingerprint::of(format!("CXF1/view\n{}", scopes.join("\n")).as_bytes())
}

/// As many changes as one page takes, from the first on; at least one if there is any. True if some are left.
pub(super) fn fill(mut waiting: Vec<LoggedChange>) -> (Vec<LoggedChange>, bool) {
    let mut bytes = 0;
    let fits = |change: &&LoggedChange| {
        bytes += change.body.as_ref().map_or(0, String::len);
        bytes <= PAGE_BYTES_MAX
    };
    let count = waiting.iter().take(PAGE_CHANGES_MAX).take_while(fits).count().max(1);
    let more = waiting.len() > count;
    waiting.truncate(count);
    (waiting, more)
}

/// Changes as they travel.
pub(super) fn to_wire(logged: &[LoggedChange]) -> Result<Vec<Change>, serde_json::Error> {
    let one = |change: &LoggedChange| {
        let row = change.body.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Change { kind: change.kind.clone(), id: change.id.clone(), row })
    };
    logged.iter().map(one).collect()
}

/// How far a snapshot has come: all of the scopes before `scope`, and of that one everything up to (kind, id).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) scope: String,
    pub(super) kind: String,
    pub(super) id: String,
}

impl Reached {
    /// After this row.
    pub(super) fn after(row: &LoggedChange) -> Reached {
        Reached { scope: row.scope.clone(), kind: row.kind.clone(), id: row.id.clone() }
    }

    /// As the kiosk carries it.
    pub(super) fn to_part(&self) -> String {
        URL_SAFE_NO_PAD.encode([&*self.scope, &*self.kind, &*self.id].join("\n"))
    }

    /// Reads what the kiosk brings back.
    pub(super) fn from_part(part: &str) -> Option<Reached> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
        let mut words = text.splitn(3, '\n').map(str::to_owned);
        Some(Reached { scope: words.next()?, kind: words.next()?, id: words.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::UtcMillis;
    use protocol::feed::is_part;

    fn logged(seq: i64, body: Option<String>) -> LoggedChange {
        let (kind, id, scope) = ("store".to_owned(), seq.to_string(), "city".to_owned());
        LoggedChange { seq, kind, id, scope, body, at: UtcMillis::new(0) }
    }

    fn reader(groups: &[&str]) -> Reader {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        Reader { device: DeviceId::from_bytes([1; 16]), mall: MallId::from_bytes([2; 16]), groups }
    }

    #[test]
    fn a_kiosk_sees_its_city_its_mall_its_groups_and_itself() {
        let reader = reader(&["night", "food"]);
        let (device, mall) = (format!("kiosk:{}", reader.device), format!("mall:{}", reader.mall));
        assert_eq!(reader.scopes(), ["city", "group:food", "group:night", &device, &mall]);
    }

    #[test]
    fn another_mall_or_group_is_another_view_and_the_order_of_groups_is_not() {
        let of = |reader: &Reader| view(&reader.scopes());
        let plain = of(&reader(&[]));
        assert_ne!(plain, of(&reader(&["food"])));
        assert_ne!(plain, of(&Reader { mall: MallId::from_bytes([3; 16]), ..reader(&[]) }));
        assert_ne!(plain, of(&Reader { device: DeviceId::from_bytes([3; 16]), ..reader(&[]) }));
        assert_eq!(of(&reader(&["a", "b"])), of(&reader(&["b", "a"])));
    }

    #[test]
    fn a_page_is_full_by_number_or_by_bytes_and_never_empty_while_something_waits() {
        let small: Vec<_> = (0..=PAGE_CHANGES_MAX as i64).map(|seq| logged(seq, None)).collect();
        let (page, more) = fill(small);
        assert_eq!((page.len(), more), (PAGE_CHANGES_MAX, true));
        let large: Vec<_> = (0..5).map(|seq| logged(seq, Some("x".repeat(PAGE_BYTES_MAX / 2)))).collect();
        let (page, more) = fill(large);
        assert_eq!((page.len(), more), (2, true));
        let (page, more) = fill(vec![logged(1, Some("x".repeat(PAGE_BYTES_MAX * 2)))]);
        assert_eq!((page.len(), more), (1, false));
        assert_eq!(fill(Vec::new()), (Vec::new(), false));
    }

    #[test]
    fn a_part_comes_back_as_it_went() {
        let reached = Reached { scope: "mall:1".into(), kind: "holdout".into(), id: "券/2026\n1".into() };
        assert!(is_part(&reached.to_part()));
        assert_eq!(Reached::from_part(&reached.to_part()), Some(reached));
        assert_eq!(Reached::from_part("?"), None);
        assert_eq!(Reached::from_part("Y2l0eQ"), None);
    }
}
