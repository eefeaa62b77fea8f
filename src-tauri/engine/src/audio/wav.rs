//! Wav files as a microphone and as a speaker.
//!
//! Reading streams from the disk, so the length of a file costs no memory. Runs on the capture and playout threads, which
//! are not real-time callbacks; a slow disk is heard as a late frame and nothing worse.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use super::SAMPLE_RATE;
use super::conversion::Conversion;
use super::sound::Sound;

/// Rates that sound comes in, in Hz: telephone to studio.
const RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// More channels than any recording that is meant to be heard.
const MAX_CHANNELS: u16 = 64;

/// How many frames of the file are read at a time, before conversion.
const READ_FRAMES: usize = 1_024;

/// Why a file can't be a microphone or a speaker.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// It can't be opened for reading.
    #[error("{path} can't be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// It is no wav, or one of a kind that is not played.
    #[error("{path} is not a wav file that can be played: {why}")]
    NotWav {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It can't be written.
    #[error("{path} can't be written: {why}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

type Reader = WavReader<BufReader<File>>;

/// A wav file played over and over at 48 kHz: both channels where it has two, and the mean of any other number.
pub(crate) struct WavSource {
    path: PathBuf,
    reader: Reader,
    conversion: Conversion,
    read: Sound,
    ready: Sound,
}

impl WavSource {
    /// Opens a file of any rate, channel count and sample format that [`hound`] knows.
    pub(crate) fn open(path: &Path) -> Result<Self, WavError> {
        let reader = open_reader(path)?;
        let spec = reader.spec();
        let not_wav = |why: &str| WavError::NotWav {
            path: path.into(),
            why: why.into(),
        };
        if !RATES_HZ.contains(&spec.sample_rate) {
            return Err(not_wav(&format!("a rate of {} Hz", spec.sample_rate)));
        }
        if spec.channels == 0 || spec.channels > MAX_CHANNELS {
            return Err(not_wav(&format!("{} channels", spec.channels)));
        }
        if reader.duration() == 0 {
            return Err(not_wav("there is no sound in it"));
        }
        let conversion = Conversion::new(spec.sample_rate, SAMPLE_RATE, usize::from(spec.channels))
            .map_err(|why| not_wav(&why.to_string()))?;
        let mut source = Self {
            path: path.into(),
            reader,
            conversion,
            read: Sound::default(),
            ready: Sound::default(),
        };
        if source.read_some() == 0 {
            return Err(not_wav("its samples can't be read"));
        }
        source.rewind()?;
        Ok(source)
    }

    /// Whether the file has two channels.
    pub(crate) fn is_stereo(&self) -> bool {
        self.reader.spec().channels == 2
    }

    /// Leaves the next samples in `out`, starting over at the end. Silence when the file has become unreadable.
    pub(crate) fn fill(&mut self, samples: usize, out: &mut Sound) {
        let mut restarts = 0;
        while self.ready.len() < samples && restarts < 2 {
            if self.read_some() > 0 {
                self.ready.append(self.conversion.run(&self.read));
            } else if self.rewind().is_ok() {
                restarts += 1;
            } else {
                break;
            }
        }
        let available = self.ready.len().min(samples);
        self.ready.take_front(available, out);
        out.each(|channel| channel.resize(samples, 0.0));
    }

    fn rewind(&mut self) -> Result<(), WavError> {
        self.reader = open_reader(&self.path)?;
        Ok(())
    }

    /// Reads up to [`READ_FRAMES`] into `read`; how many there were.
    fn read_some(&mut self) -> usize {
        let spec = self.reader.spec();
        let samples = READ_FRAMES * usize::from(spec.channels);
        let interleaved: Vec<f32> = match spec.sample_format {
            SampleFormat::Float => self
                .reader
                .samples::<f32>()
                .take(samples)
                .map_while(Result::ok)
                .collect(),
            SampleFormat::Int => {
                let full_scale = (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
                let read = self
                    .reader
                    .samples::<i32>()
                    .take(samples)
                    .map_while(Result::ok);
                read.map(|sample| sample as f32 / full_scale).collect()
            }
        };
        let channels = usize::from(spec.channels);
        let frames = interleaved.chunks_exact(channels);
        self.read.fill_sides(|left, right| {
            for frame in frames {
                let [first, second] = match *frame {
                    [first, second] => [first, second],
                    _ => [frame.iter().sum::<f32>() / channels as f32; 2],
                };
                left.push(finite(first));
                right.push(finite(second));
            }
        });
        self.read.len()
    }
}

/// A float wav may hold anything; what is no number would poison every filter behind it.
fn finite(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

fn open_reader(path: &Path) -> Result<Reader, WavError> {
    let file = File::open(path).map_err(|why| WavError::Unreadable {
        path: path.into(),
        why,
    })?;
    WavReader::new(BufReader::new(file)).map_err(|why| WavError::NotWav {
        path: path.into(),
        why: why.to_string(),
    })
}

/// Whether a wav could be written at `path`, without touching what may be there.
pub(crate) fn check_writable(path: &Path) -> Result<(), WavError> {
    let unwritable = |why: &str| WavError::Unwritable {
        path: path.into(),
        why: why.into(),
    };
    if path.is_dir() {
        return Err(unwritable("it is a folder"));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if folder.is_dir() {
        Ok(())
    } else {
        Err(unwritable("its folder is not there"))
    }
}

/// A recording can be read as far as this many samples before its end, whatever becomes of the program: a second of both
/// channels.
const SAVED_EVERY: u32 = 2 * SAMPLE_RATE;

/// What would have been heard, as a 48 kHz stereo 16-bit wav. Complete once dropped.
pub(crate) struct WavSink {
    writer: WavWriter<BufWriter<File>>,
    /// Samples since it was last whole.
    unsaved: u32,
}

impl WavSink {
    pub(crate) fn create(path: &Path) -> Result<Self, WavError> {
        let spec = WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        WavWriter::create(path, spec)
            .map(|writer| Self { writer, unsaved: 0 })
            .map_err(|why| WavError::Unwritable {
                path: path.into(),
                why: why.to_string(),
            })
    }

    /// Appends sound at 48 kHz.
    pub(crate) fn write(&mut self, sound: &Sound) -> Result<(), hound::Error> {
        for sample in sound.pairs().flatten() {
            self.writer
                .write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
            self.unsaved += 1;
        }
        if self.unsaved >= SAVED_EVERY {
            self.unsaved = 0;
            self.writer.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::super::tone_detector::ToneDetector;
    use super::*;

    fn write_stereo_tone(path: &Path, rate: u32, hz: f32) {
        let spec = WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: 24,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::create(path, spec).unwrap();
        for n in 0..rate / 2 {
            let value = (std::f32::consts::TAU * hz * n as f32 / rate as f32).sin() * 0.25;
            for _ in 0..2 {
                writer.write_sample((value * 8_388_607.0) as i32).unwrap();
            }
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn a_stereo_file_of_another_rate_plays_at_its_own_pitch_over_and_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        write_stereo_tone(&path, 22_050, 500.0);
        let mut source = WavSource::open(&path).unwrap();
        let mut detector = ToneDetector::new();
        let mut frame = Sound::default();
        for _ in 0..100 {
            source.fill(960, &mut frame);
            detector.feed(frame.left());
        }
        let pitch = detector
            .tone_hz()
            .expect("a tone, two seconds out of half a second");
        assert!((pitch - 500.0).abs() < 1.0, "{pitch}");
    }

    #[test]
    fn a_recording_is_whole_but_for_its_last_second_when_the_program_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.wav");
        let mut sink = WavSink::create(&path).unwrap();
        for _ in 0..250 {
            sink.write(&Sound::from(vec![0.25; 480])).unwrap();
        }
        let recorded = WavReader::open(&path).unwrap().duration();
        assert_eq!(recorded, 2 * SAMPLE_RATE);
    }

    #[test]
    fn what_the_sink_wrote_the_source_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        let (mut left, mut right) = (vec![0.0; 4_800], vec![0.0; 4_800]);
        Tone::new(440.0, 0.5).fill(&mut left);
        Tone::new(550.0, 0.25).fill(&mut right);
        let (written, mut read) = (Sound::from((left, right)), Sound::default());
        let mut sink = WavSink::create(&path).unwrap();
        sink.write(&written).unwrap();
        drop(sink);
        WavSource::open(&path).unwrap().fill(4_800, &mut read);
        let mut samples = written.pairs().flatten().zip(read.pairs().flatten());
        assert!(samples.all(|(written, read)| (written - read).abs() < 1e-3));
    }

    #[test]
    fn what_is_no_wav_is_refused_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no.wav");
        assert!(matches!(
            WavSource::open(&path),
            Err(WavError::Unreadable { .. })
        ));
        for bytes in [
            &b""[..],
            b"hello",
            b"RIFF\x04\0\0\0WAVE",
            b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff",
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert!(
                matches!(WavSource::open(&path), Err(WavError::NotWav { .. })),
                "{bytes:?}"
            );
        }
        drop(WavSink::create(&path).unwrap());
        assert!(
            matches!(WavSource::open(&path), Err(WavError::NotWav { .. })),
            "a wav without a sample"
        );
    }

    #[test]
    fn a_header_that_lies_is_refused_or_played_and_never_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lies.wav");
        let mut sink = WavSink::create(&path).unwrap();
        sink.write(&Sound::from(vec![0.25; 480])).unwrap();
        drop(sink);
        let honest = std::fs::read(&path).unwrap();
        for position in 0..44 {
            for value in [0x00, 0x01, 0x7f, 0xff] {
                let mut bytes = honest.clone();
                bytes[position] = value;
                std::fs::write(&path, &bytes).unwrap();
                if let Ok(mut source) = WavSource::open(&path) {
                    source.fill(960, &mut Sound::default());
                }
            }
        }
    }
}
