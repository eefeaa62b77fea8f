//! The server dies in mid-call and comes back. Media does not pass through it, so nobody's picture may stop; and it must
//! take everybody back as the person they were.

use std::time::Duration;

use libtest_mimic::Trial;
use visio_tests::words::sentence;

use crate::scenario::{CALL, Outcome, Room, scenario};
use crate::seen_and_heard::{saw, stayed_together};

const SMALL: &str = "pattern:320x180@30";

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![scenario(
        "the server is killed in mid call and nobody notices",
        CALL,
        killed,
    )]
}

fn killed() -> Outcome {
    let mut room = Room::open()?;
    let camille = room.guest("Camille")?.camera(SMALL).join()?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    let meets = |name| sentence("en", "cli.connected", &[("name", name)]);
    let meet = Duration::from_secs(15);
    camille.says(&meets("Léa")?, meet)?;
    lea.says(&meets("Camille")?, meet)?;
    room.server.kill();
    std::thread::sleep(Duration::from_secs(3));
    room.server.start_again()?;
    // Longer than the grace in which the server waits for those who have not returned.
    std::thread::sleep(Duration::from_secs(12));
    // Its rooms have survived, and it introduces newcomers to those it took back.
    let hugo = room
        .guest("Hugo")?
        .camera(SMALL)
        .stay(Duration::from_secs(5))
        .join()?
        .report()?;
    saw(&hugo, "Hugo", "Camille", 60)?;
    saw(&hugo, "Hugo", "Léa", 60)?;

    let [camille, lea] = stayed_together([("Camille", camille), ("Léa", lea)])?;
    saw(&camille, "Camille", "Léa", 400)?;
    saw(&lea, "Léa", "Camille", 400)
}
