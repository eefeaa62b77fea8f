//! How a scenario is made: a sentence, what it needs from the machine, and what happens.

use libtest_mimic::{Completion, Failed, Trial};
use visio_tests::{Need, need};

/// A trial that runs when all of `needs` are met, and is otherwise ignored with the reason.
pub fn scenario(
    sentence: &str,
    needs: &'static [Need],
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(sentence.replace(' ', "_"), move || {
        match need::missing(needs) {
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => run().map(|()| Completion::Completed),
        }
    })
}

/// Fails with `otherwise` unless `holds`.
pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}
