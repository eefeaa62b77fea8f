//! `visio-cli film`: the test pattern as a y4m file, for programs that can't draw it themselves.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use visio_engine::video::CameraSpec;
use visio_engine::video::frame::Frame;
use visio_engine::video::pattern::{Pattern, Stamp};

#[derive(Args)]
pub struct Options {
    /// The file to write: uncompressed, 40 MB a second at 720p.
    file: PathBuf,
    /// Size and rate.
    #[arg(
        long,
        value_name = "pattern:WxH@FPS",
        default_value = "pattern:1280x720@30"
    )]
    camera: CameraSpec,
    /// How many pictures. The pattern's background repeats after 256.
    #[arg(long, default_value_t = 256)]
    frames: u32,
}

pub fn run(options: &Options) -> Result<(), String> {
    let CameraSpec::Pattern { width, height, fps } = options.camera else {
        return Err(format!("{} is no pattern", options.camera));
    };
    write(&options.file, options.frames, (width, height), fps)
        .map_err(|error| format!("{}: {error}", options.file.display()))
}

fn write(path: &Path, frames: u32, (width, height): (u32, u32), fps: u32) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg"
    )?;
    let (pattern, mut frame) = (Pattern::new(), Frame::new(width, height, Instant::now()));
    for number in 0..frames {
        let stamp = Stamp {
            number,
            // A film is not drawn when it is shown: its time is its own.
            micros: u64::from(number) * 1_000_000 / u64::from(fps.max(1)),
            width,
            height,
        };
        pattern.draw(&mut frame, &stamp);
        file.write_all(b"FRAME\n")?;
        file.write_all(&frame.data)?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_has_a_header_and_as_many_pictures_as_asked_for() {
        let name = format!("visio-film-{}.y4m", std::process::id());
        let path = std::env::temp_dir().join(name);
        write(&path, 3, (320, 180), 30).expect("the folder can be written to");
        let film = std::fs::read(&path).expect("it was written");
        // Fails only when somebody else was quicker.
        let _ = std::fs::remove_file(&path);
        let header = b"YUV4MPEG2 W320 H180 F30:1 Ip A1:1 C420jpeg\n";
        assert!(film.starts_with(header));
        assert_eq!(film.len(), header.len() + 3 * (6 + 320 * 180 * 3 / 2));
    }
}
