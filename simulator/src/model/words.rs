//! A trace in words: one line a step, who does what.

use super::{
    scope::Invariant,
    search::Broken,
    state::{Hand, Kiosk, State, Voucher},
    steps::{Step, World},
};

/// The numbered lines of a trace, then what is broken at its end.
pub fn tell(world: &World, broken: &Broken) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, (before, step, after)) in broken.trace.iter().enumerate() {
        lines.push(format!("{:4}. {}", number + 1, sentence(world, before, *step, after)));
    }
    for invariant in &broken.invariants {
        lines.push(format!("      {} is broken: {}", invariant.name(), invariant.meaning()));
    }
    lines
}

impl Invariant {
    /// Its name in reports and in `docs/OFFLINE.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Invariant::I1 => "I1",
            Invariant::I2 => "I2",
            Invariant::I3 => "I3",
            Invariant::I4 => "I4",
            Invariant::I5 => "I5",
            Invariant::I3Restored => "I3 after a restore",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Invariant::I1 => "more coupons are honoured or honourable than there is stock",
            Invariant::I2 => "a person holds more coupons than the limit",
            Invariant::I3 => "a voucher that was shown and is in date would be refused",
            Invariant::I4 => "free, leased and issued slots are not the stock any more",
            Invariant::I5 => {
                "with every surviving outbox delivered and R past, a shown voucher is not on the ledger or a slot is stuck"
            }
            Invariant::I3Restored => {
                "more promises are broken than vouchers were issued by the older disk while nobody could know of it"
            }
        }
    }
}

fn sentence(world: &World, before: &State, step: Step, after: &State) -> String {
    match step {
        Step::Tick => format!("The platform's clock moves to {}.", after.time),
        Step::ClaimOnline { person } => {
            format!("{} claims a coupon online; {} free.", name(person), after.platform.free)
        }
        Step::RequestArrives { kiosk, request, .. } => lent(world, (before, after), kiosk, request),
        Step::ReportArrives { voucher } => {
            let again = if before.platform.held(voucher.person) == after.platform.held(voucher.person) {
                " (heard before)"
            } else {
                ""
            };
            format!(
                "The report of {} arrives at the platform{again}; {} issued.",
                promise(voucher),
                after.platform.issued
            )
        }
        Step::Redeem { voucher } => format!("A merchant redeems {}.", promise(voucher)),
        Step::CloseArrives { lease, used } => format!(
            "The close of lease {} after {used} slots arrives at the platform; {} free.",
            lease + 1,
            after.platform.free
        ),
        Step::Reclaim { lease } => {
            format!("The platform reclaims lease {}; {} free.", lease + 1, after.platform.free)
        }
        Step::GrantArrives { lease } => {
            let kiosk = after.lease(lease).map_or(0, |lease| lease.kiosk);
            format!("The grant of lease {} arrives; {} takes it.", lease + 1, kiosk_name(kiosk))
        }
        Step::Ask { kiosk }
        | Step::Issue { kiosk, .. }
        | Step::Finish { kiosk }
        | Step::Crash { kiosk }
        | Step::Close { kiosk, .. }
        | Step::LoseDisk { kiosk }
        | Step::KeepImage { kiosk }
        | Step::RestoreImage { kiosk }
        | Step::Speak { kiosk } => {
            let (was, is) = (&before.kiosks[usize::from(kiosk)], &after.kiosks[usize::from(kiosk)]);
            let late = matches!(step, Step::Issue { lease, .. }
                if before.lease(lease).is_some_and(|lease| before.time >= lease.expires));
            format!(
                "{} {}{}.",
                kiosk_name(kiosk),
                deed(step, was, is),
                if late { ", its clock being behind" } else { "" }
            )
        }
    }
}

/// What a kiosk does, or what happens to it.
fn deed(step: Step, was: &Kiosk, is: &Kiosk) -> String {
    match step {
        Step::Ask { .. } => {
            format!("writes down request {} of epoch {} and sends it", is.disk.request, is.disk.epoch + 1)
        }
        Step::Issue { .. } => match is.hand {
            Hand::ToShow(voucher) => format!("commits {}", promise(voucher)),
            Hand::ToCommit(voucher) => format!("shows {}, and has not committed it", promise(voucher)),
            Hand::Empty | Hand::ToClose(_) => "issues".to_owned(),
        },
        Step::Finish { .. } => match was.hand {
            Hand::ToShow(voucher) => format!("shows {}", promise(voucher)),
            Hand::ToCommit(voucher) => format!("commits {}", promise(voucher)),
            Hand::ToClose(lease) => format!("commits the close of lease {}", lease + 1),
            Hand::Empty => "rests".to_owned(),
        },
        Step::Crash { .. } => match was.hand {
            Hand::ToShow(voucher) => format!("crashes before it shows {}", promise(voucher)),
            Hand::ToCommit(voucher) => format!("crashes before it commits {}", promise(voucher)),
            Hand::ToClose(lease) => format!("crashes before it commits the close of lease {}", lease + 1),
            Hand::Empty => "crashes".to_owned(),
        },
        Step::Close { lease, .. } if matches!(is.hand, Hand::ToClose(_)) => {
            format!("sends the close of lease {}, and has not committed it", lease + 1)
        }
        Step::Close { lease, .. } => format!("closes lease {} on its disk and sends the close", lease + 1),
        Step::LoseDisk { .. } => {
            format!("loses its disk, and enrols again into epoch {}", is.disk.epoch + 1)
        }
        Step::KeepImage { .. } => "is copied: an image of its disk is kept".to_owned(),
        Step::RestoreImage { .. } => "is set back to the image of its disk".to_owned(),
        Step::Speak { .. } if is.disk.is_fenced => {
            "speaks to the platform, is found to be older than it once was, and issues no more".to_owned()
        }
        Step::Speak { .. } => {
            format!("speaks to the platform with counter {}, and is answered", is.disk.counter)
        }
        Step::Tick
        | Step::ClaimOnline { .. }
        | Step::RequestArrives { .. }
        | Step::GrantArrives { .. }
        | Step::ReportArrives { .. }
        | Step::Redeem { .. }
        | Step::CloseArrives { .. }
        | Step::Reclaim { .. } => "waits".to_owned(),
    }
}

fn lent(world: &World, (before, after): (&State, &State), kiosk: u8, request: u8) -> String {
    let number = before.platform.leases.iter().flatten().count();
    let Some(lease) = after.platform.leases.get(number).copied().flatten() else {
        return format!("Request {request} of {} arrives.", kiosk_name(kiosk));
    };
    format!(
        "Request {request} of {} arrives; the platform lends it lease {} with {} of the stock, E = {}, R = {}; {} free.",
        kiosk_name(kiosk),
        number + 1,
        lease.open(),
        lease.expires,
        world.promised_until(&lease),
        after.platform.free
    )
}

fn promise(voucher: Voucher) -> String {
    format!("{}'s voucher for slot {} of lease {}", name(voucher.person), voucher.slot + 1, voucher.lease + 1)
}

const fn name(person: u8) -> &'static str {
    if person == 0 { "Ms Li" } else { "Mr Wang" }
}

const fn kiosk_name(kiosk: u8) -> &'static str {
    if kiosk == 0 { "Kiosk A" } else { "Kiosk B" }
}
