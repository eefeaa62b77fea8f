//! Which treatment a microphone's sound gets.

use std::sync::atomic::{AtomicU8, Ordering};

/// What is done to a microphone's sound before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Nothing: as captured, mono, encoded as speech. What tests of the way itself want.
    Untouched,
    /// Echo cancelled and level evened out.
    Voice {
        /// Whether fans, streets and keyboards are made fainter too.
        noise_suppression: bool,
    },
    /// Nothing, encoded as music: stereo where the device has it, and with four times the bits. Wants headphones.
    Music,
}

impl Treatment {
    /// The treatment that two switches mean.
    pub fn of(noise_suppression: bool, music: bool) -> Self {
        if music {
            Self::Music
        } else {
            Self::Voice { noise_suppression }
        }
    }
}

/// A treatment that one thread sets and another reads.
#[derive(Debug)]
pub(crate) struct SharedTreatment(AtomicU8);

impl SharedTreatment {
    const UNTOUCHED: u8 = 0;
    const VOICE: u8 = 1;
    const QUIET_VOICE: u8 = 2;
    const MUSIC: u8 = 3;

    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(Self::UNTOUCHED))
    }

    pub(crate) fn set(&self, treatment: Treatment) {
        let value = match treatment {
            Treatment::Untouched => Self::UNTOUCHED,
            Treatment::Voice {
                noise_suppression: false,
            } => Self::VOICE,
            Treatment::Voice {
                noise_suppression: true,
            } => Self::QUIET_VOICE,
            Treatment::Music => Self::MUSIC,
        };
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Treatment {
        match self.0.load(Ordering::Relaxed) {
            Self::VOICE => Treatment::of(false, false),
            Self::QUIET_VOICE => Treatment::of(true, false),
            Self::MUSIC => Treatment::Music,
            _ => Treatment::Untouched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_is_read() {
        let shared = SharedTreatment::new();
        assert_eq!(shared.get(), Treatment::Untouched);
        for (noise_suppression, music) in [(false, false), (true, false), (true, true)] {
            let treatment = Treatment::of(noise_suppression, music);
            shared.set(treatment);
            assert_eq!(shared.get(), treatment);
        }
    }
}
