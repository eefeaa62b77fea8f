//! What the browsers show and say: the film that `visio-cli` shows live, and a voice where one can be had.

use std::path::Path;
use std::time::Duration;

use visio_tests::chromium::Media;
use visio_tests::rows::VIDEO_CEILING;
use visio_tests::{Binaries, Process, Result, voice};

/// Half a second's work, and 350 MB on a disk that may be slow.
const WRITTEN: Duration = Duration::from_secs(60);

/// Makes both in `folder`.
pub fn media(binaries: &Binaries, folder: &Path) -> Result<Media> {
    let film = folder.join("pattern.y4m");
    let mut command = binaries.command("visio-cli")?;
    command.arg("film").arg(&film);
    Process::spawn("visio-cli film", &mut command)?.succeed(WRITTEN)?;
    Ok(Media {
        film,
        voice: voice::speak(folder)?,
        ceiling: VIDEO_CEILING,
    })
}
