//! How a scenario is made: a sentence, what it needs from the machine, and what happens.

use libtest_mimic::{Completion, Failed, Trial};
use visio_tests::{Binaries, Need, Participant, Server, need};

/// What a scenario returns.
pub type Outcome = Result<(), Failed>;

/// A scenario's sentence, and what happens in it.
pub type Case = (&'static str, fn() -> Outcome);

/// What every call without a window needs.
pub const CALL: &[Need] = &[Need::Own("visio-server"), Need::Own("visio-cli")];

/// A trial that runs when all of `needs` are met, and is otherwise ignored with the reason.
pub fn scenario(
    sentence: &str,
    needs: &'static [Need],
    run: impl FnOnce() -> Outcome + Send + 'static,
) -> Trial {
    scenario_with(sentence, needs.to_vec(), run)
}

/// As [`scenario`], with needs that are put together.
pub fn scenario_with(
    sentence: &str,
    needs: Vec<Need>,
    run: impl FnOnce() -> Outcome + Send + 'static,
) -> Trial {
    Trial::ignorable_test(sentence.replace(' ', "_"), move || {
        match need::missing(&needs) {
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => run().map(|()| Completion::Completed),
        }
    })
}

/// Fails with `otherwise` unless `holds`.
pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

/// A server with one room, and the invite to it.
pub struct Room {
    pub binaries: Binaries,
    pub server: Server,
    pub invite: String,
}

impl Room {
    /// A fresh server and a fresh room.
    pub fn open() -> Result<Self, Failed> {
        let binaries = Binaries::beside_me()?;
        let server = Server::start(&binaries)?;
        let invite = server.invite()?;
        Ok(Self {
            binaries,
            server,
            invite,
        })
    }

    /// Someone who is invited and has not joined yet.
    pub fn guest(&self, name: &str) -> Result<Participant, Failed> {
        Ok(Participant::new(&self.binaries, &self.invite, name)?)
    }
}
