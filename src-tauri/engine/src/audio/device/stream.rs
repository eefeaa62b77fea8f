//! Opening one device through cpal, at its own rate, channels and sample format.

use std::sync::Arc;
use std::thread::Thread;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, Host, SampleFormat, SizedSample, Stream,
    StreamConfig, SupportedBufferSize, SupportedStreamConfig,
};

use super::catalog::{default_device, find, id_of, name_of};
use super::{Direction, Open, OpenDevice, Opened, Standing, Wanted, system};
use crate::audio::processing::Tap;
use crate::audio::ring::{
    CaptureEnd, CaptureFeed, Gauge, PlaybackEnd, PlaybackFeed, capture_ring, playback_ring,
};
use crate::device::DeviceProblem;

/// Buffers a second: 10 ms each, which PulseAudio, ALSA and WASAPI all keep up with. Their own default may be seconds.
const BUFFERS_PER_SECOND: u32 = 100;

/// No device in a call is later than this. A driver that says so is mistaken.
const LONGEST_LATENCY: Duration = Duration::from_millis(500);

/// How long the system may take to set a stream up.
const SETUP_TIMEOUT: Duration = Duration::from_secs(3);

/// Opens microphones whose samples the thread `reader` takes.
pub(crate) fn open_microphone(reader: Thread) -> Open<CaptureEnd> {
    Arc::new(move |wanted, gauge| {
        let (host, device) = choose(wanted, Direction::Capture)?;
        let supported = device.default_input_config().map_err(problem)?;
        let build = |config: StreamConfig| {
            let channels = usize::from(config.channels);
            let (feed, end) =
                capture_ring(config.sample_rate, channels, gauge.clone(), reader.clone());
            build_capture(&device, config, supported.sample_format(), feed, gauge)
                .map(|stream| (stream, end))
        };
        let (stream, end) = build_with_small_buffer(&supported, build)?;
        start(host, device, wanted, Direction::Capture, stream, end)
    })
}

/// Opens speakers whose samples the thread `writer` gives; what is really played is told to `tap`.
pub(crate) fn open_speaker(writer: Thread, tap: Arc<Tap>) -> Open<PlaybackEnd> {
    Arc::new(move |wanted, gauge| {
        let (host, device) = choose(wanted, Direction::Playback)?;
        let supported = device.default_output_config().map_err(problem)?;
        let build = |config: StreamConfig| {
            let channels = usize::from(config.channels);
            let (feed, end) =
                playback_ring(config.sample_rate, channels, gauge.clone(), writer.clone());
            let feed = feed.tapped(tap.connect(config.sample_rate));
            build_playback(&device, config, supported.sample_format(), feed, gauge)
                .map(|stream| (stream, end))
        };
        let (stream, end) = build_with_small_buffer(&supported, build)?;
        start(host, device, wanted, Direction::Playback, stream, end)
    })
}

fn choose(wanted: &Wanted, direction: Direction) -> Result<(Arc<Host>, Device), DeviceProblem> {
    let host = match direction {
        Direction::Capture => system::host()?,
        Direction::Playback => system::host_to_play()?,
    };
    let device = match wanted {
        Wanted::Named(id) => find(&host, direction, id),
        Wanted::Default | Wanted::InsteadOf(_) => default_device(&host, direction),
    };
    Ok((host, device.ok_or(DeviceProblem::None)?))
}

/// Builds with 10 ms of buffer, or with what the device prefers if it won't have that.
fn build_with_small_buffer<T>(
    supported: &SupportedStreamConfig,
    build: impl Fn(StreamConfig) -> Result<T, cpal::Error>,
) -> Result<T, DeviceProblem> {
    let mut config = supported.config();
    let mut frames = config.sample_rate.div_ceil(BUFFERS_PER_SECOND);
    if let SupportedBufferSize::Range { min, max } = *supported.buffer_size() {
        frames = frames.clamp(min, max.max(min));
    }
    config.buffer_size = BufferSize::Fixed(frames);
    build(config)
        .or_else(|why| match why.kind() {
            ErrorKind::DeviceBusy | ErrorKind::PermissionDenied | ErrorKind::DeviceNotAvailable => {
                Err(why)
            }
            _ => build(StreamConfig {
                buffer_size: BufferSize::Default,
                ..config
            }),
        })
        .map_err(problem)
}

fn start<End>(
    host: Arc<Host>,
    device: Device,
    wanted: &Wanted,
    direction: Direction,
    stream: Stream,
    end: End,
) -> Result<Opened<End>, DeviceProblem> {
    stream.play().map_err(problem)?;
    let running = Running {
        name: name_of(&device),
        id: id_of(&device).unwrap_or_default(),
        wanted: wanted.clone(),
        direction,
        host,
        _stream: stream,
    };
    Ok(Opened {
        device: Box::new(running),
        end,
    })
}

/// An open stream. Dropping it closes the device.
struct Running {
    name: String,
    id: String,
    wanted: Wanted,
    direction: Direction,
    _stream: Stream,
    host: Arc<Host>,
}

impl OpenDevice for Running {
    fn name(&self) -> &str {
        &self.name
    }

    fn standing(&self) -> Standing {
        let default =
            || default_device(&self.host, self.direction).and_then(|device| id_of(&device));
        let is_there = |id: &str| find(&self.host, self.direction, id).is_some();
        match &self.wanted {
            Wanted::Named(id) if !is_there(id) => Standing::Gone,
            Wanted::InsteadOf(id) if is_there(id) => Standing::Superseded,
            Wanted::Default | Wanted::InsteadOf(_) if default().is_some_and(|id| id != self.id) => {
                Standing::Superseded
            }
            _ => Standing::Right,
        }
    }
}

/// Calls `$build::<T>` with the Rust type of a sample format; formats that no sound card of today prefers are refused.
macro_rules! with_sample_type {
    ($format:expr, $build:ident($($argument:expr),*)) => {
        match $format {
            SampleFormat::F32 => $build::<f32>($($argument),*),
            SampleFormat::F64 => $build::<f64>($($argument),*),
            SampleFormat::I8 => $build::<i8>($($argument),*),
            SampleFormat::I16 => $build::<i16>($($argument),*),
            SampleFormat::I24 => $build::<cpal::I24>($($argument),*),
            SampleFormat::I32 => $build::<i32>($($argument),*),
            SampleFormat::U8 => $build::<u8>($($argument),*),
            SampleFormat::U16 => $build::<u16>($($argument),*),
            SampleFormat::U32 => $build::<u32>($($argument),*),
            _ => Err(ErrorKind::UnsupportedConfig.into()),
        }
    };
}

fn build_capture(
    device: &Device,
    config: StreamConfig,
    format: SampleFormat,
    feed: CaptureFeed,
    gauge: &Arc<Gauge>,
) -> Result<Stream, cpal::Error> {
    with_sample_type!(format, capture_as(device, config, feed, gauge))
}

fn capture_as<T>(
    device: &Device,
    config: StreamConfig,
    mut feed: CaptureFeed,
    gauge: &Arc<Gauge>,
) -> Result<Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels);
    let on_data = move |data: &[T], info: &cpal::InputCallbackInfo| {
        feed.push(data, channels, captured_at(info));
    };
    device.build_input_stream(
        config,
        on_data,
        on_error(gauge.clone()),
        Some(SETUP_TIMEOUT),
    )
}

fn build_playback(
    device: &Device,
    config: StreamConfig,
    format: SampleFormat,
    feed: PlaybackFeed,
    gauge: &Arc<Gauge>,
) -> Result<Stream, cpal::Error> {
    with_sample_type!(format, playback_as(device, config, feed, gauge))
}

fn playback_as<T>(
    device: &Device,
    config: StreamConfig,
    mut feed: PlaybackFeed,
    gauge: &Arc<Gauge>,
) -> Result<Stream, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    let channels = usize::from(config.channels);
    let on_data = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
        feed.fill_for(data, channels, heard_at(info));
    };
    device.build_output_stream(
        config,
        on_data,
        on_error(gauge.clone()),
        Some(SETUP_TIMEOUT),
    )
}

/// When the first of these samples was captured. Each stream counts time from a moment of its own, so only the distance to
/// its callback is taken from it. Real-time safe: reading the monotonic clock is no system call.
fn captured_at(info: &cpal::InputCallbackInfo) -> Instant {
    let timestamp = info.timestamp();
    let ago = timestamp
        .callback
        .saturating_duration_since(timestamp.capture);
    let now = Instant::now();
    now.checked_sub(ago.min(LONGEST_LATENCY)).unwrap_or(now)
}

/// When the first of these samples will be heard.
fn heard_at(info: &cpal::OutputCallbackInfo) -> Instant {
    let timestamp = info.timestamp();
    let ahead = timestamp
        .playback
        .saturating_duration_since(timestamp.callback);
    Instant::now() + ahead.min(LONGEST_LATENCY)
}

/// May be called from the real-time thread. What the stream survives is left to it.
fn on_error(gauge: Arc<Gauge>) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| match error.kind() {
        ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        ErrorKind::PermissionDenied => gauge.mark_refused(),
        _ => gauge.mark_gone(),
    }
}

/// What cpal says, as far as it tells things apart.
fn problem(error: cpal::Error) -> DeviceProblem {
    match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => DeviceProblem::None,
        ErrorKind::DeviceBusy => DeviceProblem::Busy,
        ErrorKind::PermissionDenied => DeviceProblem::Refused,
        _ => DeviceProblem::Failed(error.to_string()),
    }
}
