//! What the platform in memory remembers to tell a kiosk from a copy of it.

use super::city::{Outcome, broken, refuse, write};
use crate::transport::WireRequest;
use domain::{ids::DeviceId, time::UtcMillis};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::{
    device::{
        Behind, COUNTER_HEADER, Challenge, Confession, ConfessionAnswer, DEVICE_HEADER, HighWater,
        RequestHead, SIGNATURE_HEADER, TIME_HEADER, body_sha256,
    },
    problem::{Problem, code},
    signed::{Bound, Purpose, Signed},
};

/// What the headers of a signed request say.
pub(super) struct Asking {
    pub(super) device: DeviceId,
    pub(super) at: UtcMillis,
    pub(super) counter: Option<u64>,
    signature: String,
}

impl Asking {
    pub(super) fn read(request: &WireRequest) -> Option<Asking> {
        let header = |name: &str| {
            request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
        };
        Some(Asking {
            device: header(DEVICE_HEADER)?.parse().ok()?,
            at: UtcMillis::new(header(TIME_HEADER)?.parse().ok()?),
            counter: header(COUNTER_HEADER).map(str::parse).transpose().ok()?,
            signature: header(SIGNATURE_HEADER)?.to_owned(),
        })
    }

    pub(super) fn is_signed(&self, request: &WireRequest, key: &VerifyingKey) -> bool {
        let head = RequestHead {
            device: self.device,
            method: request.method,
            path: &request.path,
            at: self.at,
            counter: self.counter,
            body_sha256: body_sha256(&request.body),
        };
        head.verify(&self.signature, key)
    }
}

/// What was heard of a device in its present epoch.
#[derive(Default)]
pub(super) struct Trust {
    pub(super) fenced: bool,
    counter: u64,
    signature: String,
    high_water: HighWater,
}

impl Trust {
    /// Takes a greater number, and the same request once more.
    pub(super) fn admit(&mut self, asking: &Asking) -> Result<(), Behind> {
        let counter = asking.counter.unwrap_or(0);
        let again = counter == self.counter && asking.signature == self.signature;
        if counter <= self.counter && !again {
            return Err(Behind::Counter { heard: self.counter });
        }
        self.counter = counter;
        self.signature.clone_from(&asking.signature);
        Ok(())
    }

    pub(super) fn hear(&mut self, said: &HighWater) -> Result<(), Behind> {
        if said.is_behind(&self.high_water) {
            return Err(Behind::HighWater { said: *said, heard: self.high_water });
        }
        self.high_water = *said;
        Ok(())
    }

    /// Ends the epoch if the challenge was given to this device in it.
    pub(super) fn confess(
        &mut self,
        key: &SigningKey,
        (device, epoch, now): (DeviceId, u32, UtcMillis),
        confession: &Confession,
    ) -> Outcome {
        let refused = || refuse(422, "INVALID", "请求有误");
        let opened = confession.challenge.open::<Challenge>(Purpose::Challenge, &key.verifying_key());
        let challenge = opened.map_err(|_| refused())?;
        if (challenge.device, challenge.epoch) != (device, epoch) {
            return Err(refused());
        }
        self.fenced = true;
        let answer = ConfessionAnswer { fenced_at: now };
        let bound = Bound { device, epoch, counter: challenge.counter, answer };
        write(&Signed::seal(&bound, Purpose::Confession, key).map_err(broken)?)
    }
}

/// The refusal of a request that is older than one served before.
pub(super) fn challenge(
    key: &SigningKey,
    asking: &Asking,
    (epoch, at): (u32, UtcMillis),
    behind: Behind,
) -> Box<Problem> {
    let counter = asking.counter.unwrap_or(0);
    let challenge = Challenge { device: asking.device, epoch, counter, behind, at, nonce: [8; 16] };
    let signed =
        Signed::seal(&challenge, Purpose::Challenge, key).and_then(|signed| serde_json::to_value(&signed));
    match signed {
        Ok(signed) => {
            let problem = Problem::new(409, code::COUNTER_BEHIND, "请求比已处理的旧");
            Box::new(problem.with("challenge", signed))
        }
        Err(error) => broken(error),
    }
}
