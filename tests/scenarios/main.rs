//! End-to-end scenarios: Visio's real programs, real sockets and real (or emulated) devices, one scenario at a time,
//! because most of them measure and two cores are few.
//!
//! `cargo xtask test` builds what they need first. A scenario for which the machine lacks something is ignored, with the
//! reason and what would install it. `cargo test --workspace --test scenarios -- PART-OF-A-NAME` runs a few.

mod audio_devices;
mod bad_input;
mod echo;
mod endurance;
mod group;
mod guest_devices;
mod hostile_server;
mod ladder;
mod network_lab;
mod network_names;
mod network_nats;
mod network_paths;
mod network_rows;
mod relay;
mod rig;
mod scenario;
mod seen_and_heard;
mod server_restart;
mod two_people;
mod window;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

/// Every scenario of every file in this folder, the quick ones first.
fn trials() -> Vec<Trial> {
    let files = [
        rig::trials(),
        network_lab::trials(),
        audio_devices::trials(),
        echo::trials(),
        bad_input::trials(),
        relay::trials(),
        two_people::trials(),
        group::trials(),
        ladder::trials(),
        server_restart::trials(),
        hostile_server::trials(),
        network_rows::trials(),
        endurance::trials(),
        network_names::trials(),
        network_nats::trials(),
        network_paths::trials(),
        window::trials(),
        guest_devices::trials(),
    ];
    files.into_iter().flatten().collect()
}
