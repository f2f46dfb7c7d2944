//! Long lists in pages.
//!
//! A cursor is opaque to the caller and holds the sort key of the last row shown, so rows that come and go between two
//! pages never repeat or hide others.

use super::error::{Code, Problem};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows in a page when the caller names no number.
const LIMIT_DEFAULT: u32 = 50;
/// Rows in a page at most: one answer stays below a megabyte.
pub const LIMIT_MAX: u32 = 200;

/// Which page is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the last page ended (`next_cursor`); absent for the first page.
    pub cursor: Option<String>,
    /// Rows wanted, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

impl PageQuery {
    /// Rows wanted, within 1 and [`LIMIT_MAX`].
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)
    }

    /// The sort key after which the page begins; the empty text for the first page.
    pub fn after(&self) -> Result<String, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(String::new());
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Problem::new(Code::Malformed).detail("cursor is not one this list gave out"))
    }
}

/// One page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Builds a page from up to `limit + 1` rows: the extra row only says that there is another page.
    pub fn from_rows(mut rows: Vec<T>, limit: u32, sort_key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| URL_SAFE_NO_PAD.encode(sort_key(row)));
        Page { items: rows, next_cursor }
    }

    /// The same page with each row converted.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_of_a_page_leads_to_the_row_after_its_last() {
        let page = Page::from_rows(vec!["a", "b", "c"], 2, |row| (*row).to_owned());
        assert_eq!(page.items, ["a", "b"]);
        let query = PageQuery { cursor: page.next_cursor, limit: None };
        assert_eq!(query.after().unwrap(), "b");
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert_eq!(Page::from_rows(vec!["a", "b"], 2, |row| (*row).to_owned()).next_cursor, None);
    }
}
