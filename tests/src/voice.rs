//! A spoken voice, so that a demo sounds like a person and voice is measured with voice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Process, Result, need};

/// Long enough that a listener does not notice where it begins again.
const WORDS: &str = "Hello, this is your companion. You see a test pattern and hear a voice that a program speaks. \
    If you hear me clearly, then the sound has found its way from a file, through an encoder, over the network, \
    through a decoder and a mixer, and out of your speaker. Please say something. I can not answer, but the little ring \
    around your picture should light up. One, two, three, four, five, six, seven, eight, nine, ten.";

/// Has espeak-ng speak into a WAV file in `folder`; `None` when it is not installed.
pub fn speak(folder: &Path) -> Result<Option<PathBuf>> {
    if need::find_program("espeak-ng").is_none() {
        return Ok(None);
    }
    let file = folder.join("voice.wav");
    let mut command = Command::new("espeak-ng");
    command
        .args(["-v", "en", "-s", "150", "-w"])
        .arg(&file)
        .arg(WORDS);
    Process::spawn("espeak-ng", &mut command)?.succeed(Duration::from_secs(30))?;
    Ok(Some(file))
}
