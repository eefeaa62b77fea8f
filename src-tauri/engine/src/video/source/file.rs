//! A y4m file as a source: played in a loop at its own rate.

use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant;

use super::Source;
use super::y4m::{Y4mError, Y4mReader};
use crate::device::DeviceProblem;
use crate::video::frame::{Frame, FramePool};
use crate::video::frame_rate::Metronome;

/// Plays one file.
pub struct FileSource {
    name: String,
    reader: Y4mReader,
    metronome: Metronome,
    pool: FramePool,
}

impl FileSource {
    /// Opens the file; the first frame is due now.
    ///
    /// # Errors
    /// When it cannot be read or played.
    pub fn open(path: &Path) -> Result<Self, Y4mError> {
        let reader = Y4mReader::open(path)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            name,
            metronome: Metronome::new(reader.header().fps, Instant::now()),
            reader,
            pool: FramePool::new(),
        })
    }
}

impl Source for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next_frame(&mut self) -> Result<Arc<Frame>, DeviceProblem> {
        let now = Instant::now();
        sleep(self.metronome.next(now).saturating_duration_since(now));
        let (width, height) = self.reader.size();
        self.pool
            .draw(width, height, Instant::now(), |frame| {
                self.reader.read_looped(frame)
            })
            .map_err(|error| DeviceProblem::Failed(error.to_string()))
    }
}
