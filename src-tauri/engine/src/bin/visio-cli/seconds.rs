//! `--stats FILE`: what happened in each second of a call, one JSON object a line.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use visio_engine::stats::{Report, Timeline};

/// The file, and what was written to it before. Each line is out as soon as it is written, so that a call that ends badly leaves them all.
pub struct Seconds<'a> {
    pub path: &'a Path,
    file: File,
    timeline: Timeline,
}

impl<'a> Seconds<'a> {
    /// Begins a new file in place of an old one.
    pub fn create(path: &'a Path) -> std::io::Result<Self> {
        Ok(Self {
            path,
            file: File::create(path)?,
            timeline: Timeline::default(),
        })
    }

    /// One more line.
    pub fn write(&mut self, report: &Report) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(&self.timeline.next(report))?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}
