//! Gathers the UI to embed, and declares the app's commands, so that a window may call only what its capability names.

use std::path::Path;
use std::{fs, io};

/// Every command the page may invoke. `capabilities/main.json` grants them to the one window.
const COMMANDS: &[&str] = &[
    "settings_get",
    "settings_set",
    "environment",
    "invite_check",
    "link_take",
    "call_create",
    "call_host",
    "call_open",
    "call_join",
    "call_leave",
    "call_state",
    "call_report",
    "set_muted",
    "set_noise_suppression",
    "set_music",
    "set_camera_off",
    "select_device",
    "play_test_sound",
    "copy_text",
    "frames_endpoint",
    "first_paint",
    "devices",
    "screens",
    "share_screen",
    "doctor",
    "chat_messages",
    "chat_say",
    "chat_react",
    "raise_hand",
    "open_link",
    "codec_fetch",
    "codec_remove",
];

/// Where the UI is developed, with its tests, its tools and what they install.
const UI: &str = "../ui";

/// Where what is embedded of it is gathered, as `tauri.conf.json` says.
const EMBEDDED: &str = "gen/ui";

/// What the page never asks for, by the end of its name.
const NOT_EMBEDDED: &[&str] = &[
    "tests",
    "node_modules",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    ".md",
    ".d.ts",
    ".gitignore",
];

fn main() -> io::Result<()> {
    if Path::new(EMBEDDED).exists() {
        fs::remove_dir_all(EMBEDDED)?;
    }
    gather(Path::new(UI), Path::new(EMBEDDED))?;
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .map_err(io::Error::other)
}

/// Copies the UI, and has cargo come back when a file of it changed. (A new file is imported by one that changed.)
fn gather(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if NOT_EMBEDDED
            .iter()
            .any(|end| name.to_string_lossy().ends_with(end))
        {
            continue;
        }
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &to.join(name))?;
        } else {
            println!("cargo:rerun-if-changed={}", entry.path().display());
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
