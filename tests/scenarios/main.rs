//! End-to-end scenarios: Visio's real programs, real sockets and real (or emulated) devices. Those that hardly load the
//! machine run several at a time, all others one by one, because most of them measure and two cores are few.
//!
//! `cargo xtask test` builds what they need first. A scenario for which the machine lacks something is ignored, with the
//! reason and what would install it. `cargo test --workspace --test scenarios -- PART-OF-A-NAME` runs a few.

mod audio_devices;
mod bad_input;
mod browser_guest;
mod certificate;
mod chat;
mod doctor;
mod echo;
mod endurance;
mod group;
mod guest_devices;
mod hostile_server;
mod installed_server;
mod ladder;
mod network_lab;
mod network_names;
mod network_nats;
mod network_paths;
mod network_rows;
mod relay;
mod rig;
mod scenario;
mod screen;
mod seen_and_heard;
mod server_restart;
mod several_servers;
mod stranger;
mod two_people;
mod window;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// How many of those that mostly wait run at a time.
const AT_ONCE: usize = 3;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let run = |threads, trials| {
        let mut arguments = arguments.clone();
        arguments.test_threads.get_or_insert(threads);
        libtest_mimic::run(&arguments, trials)
    };
    let (waiting, alone) = (run(AT_ONCE, that_wait()), run(1, that_measure()));
    let failed = waiting.has_failed() || alone.has_failed();
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Scenarios that mostly wait, and judge nothing that a busy machine changes.
fn that_wait() -> Vec<Trial> {
    let files = [
        installed_server::trials(),
        relay::trials(),
        certificate::trials(),
        doctor::trials(),
        network_nats::trials(),
    ];
    files.into_iter().flatten().collect()
}

/// All others, the quick ones first.
fn that_measure() -> Vec<Trial> {
    let files = [
        rig::trials(),
        network_lab::trials(),
        audio_devices::trials(),
        echo::trials(),
        bad_input::trials(),
        two_people::trials(),
        group::trials(),
        chat::trials(),
        screen::trials(),
        stranger::trials(),
        ladder::trials(),
        server_restart::trials(),
        several_servers::trials(),
        hostile_server::trials(),
        network_rows::trials(),
        endurance::trials(),
        network_names::trials(),
        network_paths::trials(),
        window::trials(),
        browser_guest::trials(),
        guest_devices::trials(),
    ];
    files.into_iter().flatten().collect()
}
