//! Everything that can happen next: each step is tried in each state, in every order and any number of times.

use super::{
    scope::{Mutant, Scope},
    state::{EPOCHS_MAX, KIOSKS, PEOPLE, State, Voucher, every_voucher},
};

/// One step of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The platform's clock moves on.
    Tick,
    /// A person claims a coupon online.
    ClaimOnline { person: u8 },
    /// A kiosk writes the next request number down and sends the request.
    Ask { kiosk: u8 },
    /// A request arrives at the platform, which lends up to `slots`.
    RequestArrives { kiosk: u8, epoch: u8, request: u8, slots: u8 },
    /// The grant of a lease arrives at its kiosk.
    GrantArrives { lease: u8 },
    /// A kiosk issues its next slot of a lease to a person.
    Issue { kiosk: u8, lease: u8, person: u8 },
    /// A kiosk does the second half of what it has begun.
    Finish { kiosk: u8 },
    /// A kiosk loses power or its process; the disk stays.
    Crash { kiosk: u8 },
    /// A report arrives at the platform.
    ReportArrives { voucher: Voucher },
    /// A person shows a voucher to a merchant, who asks the platform.
    Redeem { voucher: Voucher },
    /// A kiosk gives the rest of a lease back.
    Close { kiosk: u8, lease: u8 },
    /// A close arrives at the platform.
    CloseArrives { lease: u8, used: u8 },
    /// The platform's timer takes back what nobody spoke for.
    Reclaim { lease: u8 },
    /// A kiosk's disk is lost; the kiosk enrols again.
    LoseDisk { kiosk: u8 },
    /// Somebody keeps an image of a kiosk's disk.
    KeepImage { kiosk: u8 },
    /// Somebody puts the image back.
    RestoreImage { kiosk: u8 },
    /// A kiosk and the platform hear each other: one signed call with its counter, and the answer.
    Speak { kiosk: u8 },
}

/// The rules of one search: the protocol, but for the mutant.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub scope: Scope,
    pub mutant: Option<Mutant>,
}

/// `None`: the step is not possible now.
pub type Possible = Option<()>;

/// Goes on only if `condition` holds.
pub fn only_if(condition: bool) -> Possible {
    condition.then_some(())
}

impl World {
    /// True in the mutant's world only.
    pub fn breaks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Every step that could ever be taken, in a fixed order.
    pub fn every_step(&self) -> Vec<Step> {
        let Scope { leases, lease_slots, .. } = self.scope;
        let mut steps = Vec::new();
        for kiosk in 0..KIOSKS {
            steps.extend([Step::Ask { kiosk }, Step::Finish { kiosk }, Step::Crash { kiosk }]);
            for lease in 0..leases {
                steps.extend((0..PEOPLE).map(|person| Step::Issue { kiosk, lease, person }));
                steps.push(Step::Close { kiosk, lease });
            }
            for epoch in 0..EPOCHS_MAX {
                steps.extend((1..=self.scope.requests).flat_map(|request| {
                    (1..=lease_slots).map(move |slots| Step::RequestArrives { kiosk, epoch, request, slots })
                }));
            }
        }
        for lease in 0..leases {
            steps.extend([Step::GrantArrives { lease }, Step::Reclaim { lease }]);
            steps.extend((0..=lease_slots).map(|used| Step::CloseArrives { lease, used }));
        }
        for voucher in every_voucher().filter(|voucher| voucher.lease < leases && voucher.slot < lease_slots)
        {
            steps.extend([Step::ReportArrives { voucher }, Step::Redeem { voucher }]);
        }
        for kiosk in 0..KIOSKS {
            steps.push(Step::LoseDisk { kiosk });
            if self.scope.disks_restored > 0 {
                steps.extend([
                    Step::KeepImage { kiosk },
                    Step::RestoreImage { kiosk },
                    Step::Speak { kiosk },
                ]);
            }
        }
        steps.extend((0..PEOPLE).map(|person| Step::ClaimOnline { person }));
        steps.push(Step::Tick);
        steps
    }

    /// The state after the step; `None` if the step is not possible or changes nothing.
    pub fn after(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        self.perform(&mut state, step)?;
        (state != *before).then_some(state)
    }

    fn perform(&self, state: &mut State, step: Step) -> Possible {
        match step {
            Step::Tick => self.tick(state),
            Step::ClaimOnline { person } => self.claim_online(state, person),
            Step::Ask { kiosk } => self.ask(state, kiosk),
            Step::RequestArrives { kiosk, epoch, request, slots } => {
                only_if(state.network.has_request(kiosk, epoch, request))?;
                self.grant(state, (kiosk, epoch, request), slots)
            }
            Step::GrantArrives { lease } => self.take_grant(state, lease),
            Step::Issue { kiosk, lease, person } => self.issue(state, kiosk, lease, person),
            Step::Finish { kiosk } => self.finish(state, kiosk),
            Step::Crash { kiosk } => self.crash(state, kiosk),
            Step::ReportArrives { voucher } => {
                only_if(state.network.reports.contains(voucher))?;
                self.take_report(state, voucher)
            }
            Step::Redeem { voucher } => {
                only_if(state.shown.contains(voucher))?;
                self.redeem(state, voucher)
            }
            Step::Close { kiosk, lease } => self.close(state, kiosk, lease),
            Step::CloseArrives { lease, used } => {
                only_if(state.network.has_close(lease, used))?;
                self.take_close(state, lease, used)
            }
            Step::Reclaim { lease } => self.reclaim(state, lease),
            Step::LoseDisk { kiosk } => self.lose_disk(state, kiosk),
            Step::KeepImage { kiosk } => self.keep_image(state, kiosk),
            Step::RestoreImage { kiosk } => self.restore_image(state, kiosk),
            Step::Speak { kiosk } => self.speak(state, kiosk),
        }
    }

    fn tick(&self, state: &mut State) -> Possible {
        only_if(state.time < self.scope.time_end)?;
        state.time += 1;
        Some(())
    }
}
