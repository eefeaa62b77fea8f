//! Says when the video codec will be slow.
//!
//! openh264's build silently leaves its assembly out where nasm is missing; encoding then takes three
//! times as long, and a call in 720p no longer fits two cores.

use std::env;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PATH");
    let target = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let built_in = env::var_os("CARGO_FEATURE_BUILT_IN_CODEC").is_some();
    // Elsewhere the assembly is the C compiler's own business.
    if built_in && matches!(target.as_str(), "x86" | "x86_64") && !runs("nasm") {
        println!(
            "cargo:warning=nasm is not installed: openh264 is built without its assembly, and video takes three times \
             the CPU. Install nasm, then `cargo clean --package openh264-sys2`."
        );
    }
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
