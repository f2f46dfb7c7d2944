//! Everything the model remembers: the platform's books, the kiosks' disks, what travels, what people hold.
//!
//! A state is small plain data, because millions of them are kept and compared byte by byte. Leases, slots, epochs and
//! request numbers are small counters. A message that was sent is never taken out of the network: one that never arrives is
//! lost, one that arrives again is a duplicate, and the order in which they arrive is any.

/// Kiosks of every scope.
pub const KIOSKS: u8 = 2;
/// People of every scope.
pub const PEOPLE: u8 = 2;
/// Most leases a scope may have.
pub const LEASES_MAX: u8 = 4;
/// Slots of the largest lease.
pub const SLOTS_MAX: u8 = 2;
/// Epochs of one kiosk: the first, and one for each disk lost.
pub const EPOCHS_MAX: u8 = 2;
/// Lease requests of one epoch.
pub const REQUESTS_MAX: u8 = 2;

/// One moment of the whole city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// The platform's clock, the only one that decides.
    pub time: u8,
    pub platform: Platform,
    pub kiosks: [Kiosk; KIOSKS as usize],
    pub network: Network,
    /// Vouchers people have been shown: the promises.
    pub shown: Vouchers,
    /// Disks lost so far.
    pub disks_lost: u8,
    /// Disks set back to an older image so far.
    pub disks_restored: u8,
}

/// What stands in the platform's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// Slots nobody has.
    pub free: u8,
    /// Coupons on the ledger, online ones and those of leases.
    pub issued: u8,
    /// Coupons each person claimed online.
    pub online: [u8; PEOPLE as usize],
    pub leases: [Option<Lease>; LEASES_MAX as usize],
    /// Mutant N9 only: numbers of uploads heard, a bit each.
    pub numbers_heard: [u8; KIOSKS as usize],
    /// Highest device counter heard in the present epoch.
    pub counter_heard: [u8; KIOSKS as usize],
}

/// A block of slots lent to one kiosk in one epoch, as answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    pub kiosk: u8,
    pub epoch: u8,
    pub request: u8,
    /// E: the kiosk issues no more. The promise ends at R, some time later.
    pub expires: u8,
    /// False only in mutant N0: the slots were never taken out of the free stock.
    pub reserved: bool,
    /// The kiosk gave the rest back.
    pub closed: bool,
    pub slots: [Option<Slot>; SLOTS_MAX as usize],
}

/// Where a slot stands in the platform's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// Lent; the kiosk may have promised it.
    Open,
    /// A coupon of this person, by report.
    Reported(u8),
    /// A coupon of this person, used up at a merchant.
    Redeemed(u8),
    /// Back in the free stock, by close or reclaim.
    Returned,
}

/// One kiosk: what is on its disk, and what it was just doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kiosk {
    pub disk: Disk,
    /// Lost in a crash.
    pub hand: Hand,
    /// An older state of the disk that somebody may put back.
    pub image: Option<Disk>,
    pub past: Past,
}

/// What survives a crash. Whatever a kiosk decides, it decides from this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disk {
    pub epoch: u8,
    /// Number of the last lease request, written before it is sent.
    pub request: u8,
    /// That request has no answer yet.
    pub is_waiting: bool,
    pub books: [Book; LEASES_MAX as usize],
    /// The vouchers it issued: its outbox, and what it counts people by.
    pub vouchers: Vouchers,
    /// Grows with each signed call that is answered.
    pub counter: u8,
    /// The platform said that this disk is older than what it once said: nothing is issued any more.
    pub is_fenced: bool,
}

/// What a disk says of one lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Book {
    /// Never seen.
    #[default]
    Unseen,
    /// Taken; so many slots were issued.
    Open(u8),
    /// Given back, for good.
    Closed,
}

/// What a kiosk has half done when it crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hand {
    Empty,
    /// Committed, not on the screen yet.
    ToShow(Voucher),
    /// Mutant N4 only: on the screen, not committed yet.
    ToCommit(Voucher),
    /// Mutant N7 only: the close was sent, and is not committed yet.
    ToClose(u8),
}

/// What the checks must know of a kiosk whose disk was set back. No decision reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Past {
    /// The platform heard this kiosk after the image was taken, and before it was put back.
    pub spoke_after_image: bool,
    /// The disk was set back.
    pub is_restored: bool,
    /// The platform heard it since then.
    pub spoke_after_restore: bool,
    /// Slots the older disk issued, or gave back, when no platform could have known better.
    pub unseen: u8,
}

/// A promise to one person: this slot of this lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voucher {
    pub lease: u8,
    pub slot: u8,
    pub person: u8,
}

/// A set of vouchers, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vouchers(u16);

/// Messages that were sent. A grant needs no place here: it may arrive whenever its lease exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    requests: u8,
    closes: u16,
    /// Reports, each of one voucher.
    pub reports: Vouchers,
}

impl State {
    /// The city before anything happened: all stock is free, both kiosks have just enrolled.
    pub fn start(stock: u8) -> State {
        let kiosk = Kiosk { disk: Disk::default(), hand: Hand::Empty, image: None, past: Past::default() };
        State {
            time: 0,
            platform: Platform {
                free: stock,
                issued: 0,
                online: [0; PEOPLE as usize],
                leases: [None; LEASES_MAX as usize],
                numbers_heard: [0; KIOSKS as usize],
                counter_heard: [0; KIOSKS as usize],
            },
            kiosks: [kiosk, kiosk],
            network: Network::default(),
            shown: Vouchers::default(),
            disks_lost: 0,
            disks_restored: 0,
        }
    }

    pub fn kiosk(&mut self, kiosk: u8) -> &mut Kiosk {
        &mut self.kiosks[usize::from(kiosk)]
    }

    /// The lease with this number, if it was granted.
    pub fn lease(&self, lease: u8) -> Option<&Lease> {
        self.platform.leases[usize::from(lease)].as_ref()
    }
}

impl Past {
    /// The older disk disposes of slots that may be promised already.
    pub const fn dispose(&mut self, slots: u8) {
        let is_known = self.spoke_after_image && self.spoke_after_restore;
        if self.is_restored && !is_known {
            self.unseen += slots;
        }
    }
}

impl Platform {
    /// Coupons the ledger holds for a person, used up or not.
    pub fn held(&self, person: u8) -> u8 {
        let mut held = self.online[usize::from(person)];
        for slot in self.leases.iter().flatten().flat_map(Lease::lent) {
            held += u8::from(slot.holder() == Some(person));
        }
        held
    }

    /// Slots that are lent and stand for nobody yet.
    pub fn leased(&self) -> u8 {
        self.leases.iter().flatten().filter(|lease| lease.reserved).map(Lease::open).sum()
    }
}

impl Lease {
    /// The slots it has.
    pub fn lent(&self) -> impl Iterator<Item = Slot> {
        self.slots.into_iter().flatten()
    }

    /// How many of them are open.
    pub fn open(&self) -> u8 {
        self.lent().map(|slot| u8::from(slot == Slot::Open)).sum()
    }
}

impl Slot {
    /// Whose coupon it has become.
    pub const fn holder(self) -> Option<u8> {
        match self {
            Slot::Reported(person) | Slot::Redeemed(person) => Some(person),
            Slot::Open | Slot::Returned => None,
        }
    }
}

impl Vouchers {
    const fn bit(voucher: Voucher) -> u16 {
        1 << ((voucher.lease * SLOTS_MAX + voucher.slot) * PEOPLE + voucher.person)
    }

    pub const fn contains(self, voucher: Voucher) -> bool {
        self.0 & Vouchers::bit(voucher) != 0
    }

    pub const fn insert(&mut self, voucher: Voucher) {
        self.0 |= Vouchers::bit(voucher);
    }

    pub fn iter(self) -> impl Iterator<Item = Voucher> {
        every_voucher().filter(move |voucher| self.contains(*voucher))
    }

    /// How many are this person's.
    pub fn of(self, person: u8) -> u8 {
        self.iter().map(|voucher| u8::from(voucher.person == person)).sum()
    }
}

/// Every voucher there can be.
pub fn every_voucher() -> impl Iterator<Item = Voucher> {
    (0..LEASES_MAX).flat_map(|lease| {
        (0..SLOTS_MAX).flat_map(move |slot| (0..PEOPLE).map(move |person| Voucher { lease, slot, person }))
    })
}

impl Network {
    const fn request_bit(kiosk: u8, epoch: u8, request: u8) -> u8 {
        1 << ((kiosk * EPOCHS_MAX + epoch) * REQUESTS_MAX + request - 1)
    }

    pub const fn send_request(&mut self, kiosk: u8, epoch: u8, request: u8) {
        self.requests |= Network::request_bit(kiosk, epoch, request);
    }

    pub const fn has_request(self, kiosk: u8, epoch: u8, request: u8) -> bool {
        self.requests & Network::request_bit(kiosk, epoch, request) != 0
    }

    const fn close_bit(lease: u8, used: u8) -> u16 {
        1 << (lease * (SLOTS_MAX + 1) + used)
    }

    pub const fn send_close(&mut self, lease: u8, used: u8) {
        self.closes |= Network::close_bit(lease, used);
    }

    pub const fn has_close(self, lease: u8, used: u8) -> bool {
        self.closes & Network::close_bit(lease, used) != 0
    }
}

/// Two kiosks differ only in name, and so do two people: of the four ways to name them one state is kept.
///
/// What can follow a state, and whether it is allowed, does not depend on names, so nothing is missed.
impl State {
    /// The representative of all states that differ from this one in names only.
    pub fn canonical(self) -> State {
        let kiosks = self.with_kiosks_swapped();
        let people = self.with_people_swapped();
        let both = kiosks.with_people_swapped();
        self.min(kiosks).min(people).min(both)
    }

    fn with_kiosks_swapped(&self) -> State {
        let mut state = *self;
        state.kiosks.swap(0, 1);
        state.platform.numbers_heard.swap(0, 1);
        state.platform.counter_heard.swap(0, 1);
        for lease in state.platform.leases.iter_mut().flatten() {
            lease.kiosk = 1 - lease.kiosk;
        }
        state.network.requests = state.network.requests.rotate_left(4);
        state
    }

    fn with_people_swapped(&self) -> State {
        let mut state = *self;
        state.platform.online.swap(0, 1);
        for slot in state.platform.leases.iter_mut().flatten().flat_map(|lease| &mut lease.slots).flatten() {
            *slot = match *slot {
                Slot::Reported(person) => Slot::Reported(1 - person),
                Slot::Redeemed(person) => Slot::Redeemed(1 - person),
                Slot::Open | Slot::Returned => *slot,
            };
        }
        for kiosk in &mut state.kiosks {
            kiosk.disk.vouchers = kiosk.disk.vouchers.with_people_swapped();
            if let Some(image) = &mut kiosk.image {
                image.vouchers = image.vouchers.with_people_swapped();
            }
            if let Hand::ToShow(voucher) | Hand::ToCommit(voucher) = &mut kiosk.hand {
                voucher.person = 1 - voucher.person;
            }
        }
        state.network.reports = state.network.reports.with_people_swapped();
        state.shown = state.shown.with_people_swapped();
        state
    }
}

impl Vouchers {
    const fn with_people_swapped(self) -> Vouchers {
        const FIRST_PERSON: u16 = 0x5555;
        Vouchers((self.0 & FIRST_PERSON) << 1 | ((self.0 >> 1) & FIRST_PERSON))
    }
}
