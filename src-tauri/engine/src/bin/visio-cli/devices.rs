//! `visio-cli devices`: what this machine has.

use clap::Args;
use visio_engine::call::Devices;
use visio_engine::device::DeviceInfo;

use crate::words::Words;

#[derive(Args)]
pub struct Options {
    /// For programs: `{"cameras": [{"id", "name", "default"}], "microphones": […], "speakers": […]}`.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options, words: &Words) -> Result<(), String> {
    let devices = Devices {
        cameras: visio_engine::video::cameras(),
        microphones: visio_engine::audio::microphones(),
        speakers: visio_engine::audio::speakers(),
    };
    if options.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&devices).map_err(|error| error.to_string())?
        );
        return Ok(());
    }
    for (title, list) in [
        ("cli.cameras", &devices.cameras),
        ("cli.microphones", &devices.microphones),
        ("cli.speakers", &devices.speakers),
    ] {
        println!("{}", words.say(title, &[]));
        if list.is_empty() {
            println!("  {}", words.say("cli.noDevice", &[]));
        }
        for DeviceInfo { id, name, default } in list {
            println!(
                "{} {name}\n      device:{id}",
                if *default { "  *" } else { "   " }
            );
        }
    }
    Ok(())
}
