//! Where chance comes from: one 32-byte seed per request, from which [`super::act::Act`] draws everything.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::{Mutex, PoisonError};

/// Gives seeds.
pub trait Entropy: Send + Sync {
    /// A seed nobody can guess (or, in a demo, that follows from the one given at the start).
    fn seed(&self) -> Result<[u8; 32], EntropyError>;
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyError(#[from] getrandom::Error);

/// Seeds from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn seed(&self) -> Result<[u8; 32], EntropyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(seed)
    }
}

/// Seeds that all follow from one number: for the simulator, tests and `serve --demo --seed`.
#[derive(Debug)]
pub struct SeededEntropy {
    stream: Mutex<ChaCha20Rng>,
}

impl SeededEntropy {
    /// The sequence of seeds that belongs to `seed`.
    pub fn new(seed: u64) -> SeededEntropy {
        SeededEntropy::of_run(seed, 0)
    }

    /// The sequence of the `run`th process over the same data: were it that of the first again, its tokens and ids would
    /// be taken.
    pub fn of_run(seed: u64, run: u64) -> SeededEntropy {
        let mut stream = ChaCha20Rng::seed_from_u64(seed);
        stream.set_stream(run);
        SeededEntropy { stream: Mutex::new(stream) }
    }
}

impl Entropy for SeededEntropy {
    fn seed(&self) -> Result<[u8; 32], EntropyError> {
        let mut seed = [0; 32];
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut seed);
        Ok(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_run_repeat_and_another_run_does_not() {
        let first = |seed, run| SeededEntropy::of_run(seed, run).seed().unwrap();
        assert_eq!(first(7, 1), first(7, 1));
        assert_ne!(first(7, 1), first(7, 2));
        assert_ne!(first(7, 1), first(8, 1));
    }
}
