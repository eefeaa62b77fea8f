//! `visio-cli devices`: what this machine has.

use clap::Args;
use serde::Serialize;
use visio_engine::call::Devices;
use visio_engine::device::DeviceInfo;
use visio_engine::video::ScreenInfo;

use crate::words::Words;

#[derive(Args)]
pub struct Options {
    /// For programs: `{"cameras": [{"id", "name", "default"}], "microphones": […], "speakers": […],
    /// "screens": [{"id", "name", "window"}]}`.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options, words: &Words) -> Result<(), String> {
    let devices = Devices {
        cameras: visio_engine::video::cameras(),
        microphones: visio_engine::audio::microphones(),
        speakers: visio_engine::audio::speakers(),
    };
    let screens = visio_engine::video::screens();
    if options.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&All { devices, screens })
                .map_err(|error| error.to_string())?
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
    println!("{}", words.say("cli.screens", &[]));
    if screens.is_empty() {
        println!("  {}", words.say("cli.noDevice", &[]));
    }
    for ScreenInfo { id, name, .. } in screens {
        let name = match name.as_str() {
            "" => words.say("cli.screens.asked", &[]),
            _ => name,
        };
        println!("    {name}\n      {id}");
    }
    Ok(())
}

/// Everything, for programs.
#[derive(Serialize)]
struct All {
    #[serde(flatten)]
    devices: Devices,
    screens: Vec<ScreenInfo>,
}
