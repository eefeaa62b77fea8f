//! A call of four in which one thing after another goes wrong.

use std::time::Duration;

use libtest_mimic::{Completion, Trial};
use visio_tests::{Binaries, endurance};

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let sentence = "a call of four survives a network that is off, a microphone that is unplugged and a peer that sends garbage";
    vec![Trial::ignorable_test(sentence.replace(' ', "_"), || {
        if let Some(reason) = endurance::missing() {
            return Ok(Completion::ignored_with(reason));
        }
        let recovered = endurance::endure(&Binaries::beside_me()?, Duration::from_secs(1))?;
        for (what, after) in recovered {
            eprintln!(
                "all saw and heard all {:.1} s after {what}",
                after.as_secs_f64()
            );
        }
        Ok(Completion::Completed)
    })]
}
