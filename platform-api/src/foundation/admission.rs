//! How many calls of kiosks are in work at once: the others are sent away before they cost anything.
//!
//! After an outage a thousand kiosks come back together. A few are served; each of the others gets an appointment, the
//! next free place in line, as `Retry-After`. What kiosks report comes before what they fetch, so shoppers' claims
//! arrive while the rest waits.

use super::{
    app::App,
    error::{Code, Problem},
};
use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::time::UtcMillis;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// Where kiosks call.
const KIOSK_PATHS: &str = "/api/k/";
/// The furthest appointment: after that, calls are turned away again rather than kept away for long.
const APPOINTMENT_S_MAX: i64 = 60;

/// The door for kiosks.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Door>);

#[derive(Debug)]
struct Door {
    calls_max: usize,
    returns_per_s: u32,
    in_work: AtomicUsize,
    book: Mutex<Book>,
}

/// Appointments: how many are given for the last second that has any.
#[derive(Clone, Copy, Debug, Default)]
struct Book {
    second: i64,
    taken: u32,
}

/// A call in work; dropping it lets the next one in.
#[derive(Debug)]
struct Permit(Arc<Door>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Admission {
    /// A door that lets in `calls_max` calls at once, at most half of them fetching, and sends the others away to come
    /// back at `returns_per_s`.
    pub fn new(calls_max: usize, returns_per_s: u32) -> Admission {
        let (in_work, book) = (AtomicUsize::new(0), Mutex::default());
        Admission(Arc::new(Door { calls_max, returns_per_s, in_work, book }))
    }

    fn enter(&self, fetches: bool) -> Option<Permit> {
        let limit = if fetches { (self.0.calls_max / 2).max(1) } else { self.0.calls_max };
        let free = |in_work: usize| (in_work < limit).then_some(in_work + 1);
        let entered = self.0.in_work.fetch_update(Ordering::AcqRel, Ordering::Acquire, free);
        entered.is_ok().then(|| Permit(Arc::clone(&self.0)))
    }

    /// Seconds until the next free place.
    fn appointment_s(&self, now: UtcMillis) -> u32 {
        let this = now.get().div_euclid(1_000);
        let mut book = self.0.book.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock set back must not leave the book full.
        if book.second <= this || book.second > this + APPOINTMENT_S_MAX {
            *book = Book { second: this + 1, taken: 0 };
        }
        if book.taken >= self.0.returns_per_s && book.second < this + APPOINTMENT_S_MAX {
            *book = Book { second: book.second + 1, taken: 0 };
        }
        book.taken = book.taken.saturating_add(1);
        u32::try_from(book.second - this).unwrap_or(1)
    }
}

/// The middleware: far outside, before the caller is known and the body is read.
pub async fn admit(State((app, door)): State<(App, Admission)>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(KIOSK_PATHS) {
        return next.run(request).await;
    }
    let fetches = matches!(*request.method(), Method::GET | Method::HEAD);
    match door.enter(fetches) {
        Some(permit) => {
            let response = next.run(request).await;
            drop(permit);
            response
        }
        None => {
            let retry_after_s = door.appointment_s(app.clock.now());
            Problem::new(Code::Overloaded).retry_after_s(retry_after_s).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UtcMillis = UtcMillis::new(1_795_000_000_500);

    #[test]
    fn a_place_is_free_again_as_soon_as_a_call_is_answered() {
        let door = Admission::new(2, 1);
        let (first, second) = (door.enter(false), door.enter(false));
        assert!(first.is_some() && second.is_some() && door.enter(false).is_none());
        drop(first);
        assert!(door.enter(false).is_some());
    }

    #[test]
    fn what_kiosks_report_comes_in_while_what_they_fetch_waits() {
        let door = Admission::new(4, 1);
        let _fetching = [door.enter(true), door.enter(true)].map(Option::unwrap);
        assert!(door.enter(true).is_none());
        let _reporting = [door.enter(false), door.enter(false)].map(Option::unwrap);
        assert!(door.enter(false).is_none());
    }

    #[test]
    fn those_sent_away_come_back_so_many_a_second() {
        let door = Admission::new(1, 2);
        let told: Vec<u32> = (0..6).map(|_| door.appointment_s(NOON)).collect();
        assert_eq!(told, [1, 1, 2, 2, 3, 3]);
        assert_eq!(door.appointment_s(NOON.plus_ms(2_000)), 2, "places in line are kept as time goes on");
        assert_eq!(door.appointment_s(NOON.plus_ms(60_000)), 1, "and forgotten when they are over");
    }

    #[test]
    fn nobody_is_sent_away_for_more_than_a_minute_and_a_clock_set_back_empties_the_book() {
        let door = Admission::new(1, 1);
        let told: Vec<u32> = (0..100).map(|_| door.appointment_s(NOON)).collect();
        assert_eq!(told.iter().max(), Some(&60));
        assert_eq!(door.appointment_s(NOON.plus_ms(-3_600_000)), 1);
    }
}
