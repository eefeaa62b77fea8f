//! Visio, the desktop app: a window around the engine, and nothing that the engine could do itself.
//!
//! | file | holds |
//! | --- | --- |
//! | [`app`] | how the parts are put together |
//! | [`window`], [`closing`] | the one window; leaving the call when it closes |
//! | [`call`], [`call_pictures`] | the call that is on: the only files that use the engine's session |
//! | [`hosting`] | a call that this computer holds itself, for its own network |
//! | [`link`], [`second_start`] | an invite link that the system hands over; one Visio for each person |
//! | [`browser`] | a link that is opened in the system's browser |
//! | [`announce`] | the call's state, told to the page |
//! | [`frames`] | decoded pictures, brought to the page |
//! | [`rehearsal`] | a call without a network, to measure what the window can draw |
//! | [`commands`] | what the page may ask for |
//! | [`settings`], [`settings_store`] | what is remembered |
//! | [`language`], [`launch`], [`clipboard`], [`display`], [`report`], [`trouble`] | leaves |

// A release on Windows opens no console beside its window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod announce;
mod app;
mod browser;
mod call;
mod call_pictures;
mod clipboard;
mod closing;
mod commands;
mod display;
mod frames;
mod hosting;
mod language;
mod launch;
mod link;
mod rehearsal;
mod report;
mod second_start;
mod settings;
mod settings_store;
mod trouble;
mod window;

use std::process::ExitCode;
use std::time::Instant;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use language::Language;

fn main() -> ExitCode {
    let started = Instant::now();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .finish()
        .with(log_filter())
        .init();
    if !display::is_there() {
        eprintln!("{}", Language::of_the_system().say("app.noDisplay"));
        return ExitCode::FAILURE;
    }
    match app::run(started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

/// What is logged: what `VISIO_LOG` says, or else what of our own is worth knowing.
fn log_filter() -> Targets {
    let asked = std::env::var("VISIO_LOG").ok();
    let asked = asked.and_then(|asked| asked.parse().ok());
    asked.unwrap_or_else(|| {
        Targets::new()
            .with_default(LevelFilter::ERROR)
            .with_target("visio", LevelFilter::INFO)
    })
}
