//! The encoder: I420 frames in, constrained baseline access units out.
//!
//! One thread and one slice per picture: 720p takes 5 to 9 ms of one core this way, which fits 30
//! pictures a second, while more threads would only take the cores from the decoders of the others.
#![allow(unsafe_code)] // changing the rate of a running encoder has only a raw call

use std::ffi::c_void;

use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile,
    RateControlMode, SpsPpsStrategy, UsageType,
};
use openh264::formats::YUVSource;
use openh264::{OpenH264API, Timestamp};
use openh264_sys2::{
    ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE, SBitrateInfo, SPATIAL_LAYER_ALL,
};
use thiserror::Error;

use crate::video::frame::Frame;

/// Openh264's own lower limits would still give a picture, but not one worth sending.
const MIN_BITRATE_BPS: u32 = 32_000;

/// The encoder refused. It is made anew with the next frame.
#[derive(Debug, Error)]
#[error("the video encoder failed: {0}")]
pub struct EncoderError(String);

/// What one frame became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// The byte stream holds a picture that refers to earlier ones.
    Delta,
    /// The byte stream holds parameter sets and a picture from which decoding can begin.
    Keyframe,
    /// Left out to hold the bitrate; there are no bytes.
    Skipped,
}

/// An encoder for pictures of one size.
pub struct H264Encoder {
    encoder: Encoder,
    bitrate_bps: u32,
    fps: f32,
}

struct I420<'a>(&'a Frame);

impl YUVSource for I420<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.0.width as usize, self.0.height as usize)
    }
    fn strides(&self) -> (usize, usize, usize) {
        let width = self.0.width as usize;
        (width, width / 2, width / 2)
    }
    fn y(&self) -> &[u8] {
        self.0.y()
    }
    fn u(&self) -> &[u8] {
        self.0.u()
    }
    fn v(&self) -> &[u8] {
        self.0.v()
    }
}

impl H264Encoder {
    /// An encoder aiming at this many bits per second at this many frames per second. The size is
    /// that of the first frame.
    ///
    /// # Errors
    /// When the library refuses; it has no reasons beyond memory.
    pub fn new(bitrate_bps: u32, fps: f32) -> Result<Self, EncoderError> {
        let bitrate_bps = bitrate_bps.max(MIN_BITRATE_BPS);
        let config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .profile(Profile::Baseline)
            .complexity(Complexity::Low)
            .num_threads(1)
            .rate_control_mode(RateControlMode::Bitrate)
            .bitrate(BitRate::from_bps(bitrate_bps))
            .max_frame_rate(FrameRate::from_hz(fps))
            // Without leave to skip, the rate control overshoots for seconds.
            .skip_frames(true)
            // Keyframes cost everybody: only when somebody asks.
            .intra_frame_period(IntraFramePeriod::from_num_frames(0))
            .scene_change_detect(false)
            // Both cost CPU and blur what moves slowly, as faces do.
            .background_detection(false)
            .adaptive_quantization(false)
            .sps_pps_strategy(SpsPpsStrategy::ConstantId);
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| EncoderError(error.to_string()))?;
        Ok(Self {
            encoder,
            bitrate_bps,
            fps,
        })
    }

    /// Makes the next frame a keyframe.
    pub fn force_keyframe(&mut self) {
        self.encoder.force_intra_frame();
    }

    /// Aims at another rate from the next frame on, without a keyframe.
    pub fn set_bitrate(&mut self, bitrate_bps: u32) {
        let bitrate_bps = bitrate_bps.max(MIN_BITRATE_BPS);
        if bitrate_bps == self.bitrate_bps {
            return;
        }
        self.bitrate_bps = bitrate_bps;
        let mut info = SBitrateInfo {
            iLayer: SPATIAL_LAYER_ALL,
            iBitrate: i32::try_from(bitrate_bps).unwrap_or(i32::MAX),
        };
        // SAFETY: this option reads one SBitrateInfo during the call (codec_app_def.h of openh264).
        unsafe {
            self.encoder
                .raw_api()
                .set_option(ENCODER_OPTION_BITRATE, (&raw mut info).cast::<c_void>());
        }
    }

    /// Tells how many frames really come, which is what bits are shared out by.
    pub fn set_frame_rate(&mut self, fps: f32) {
        if fps == self.fps {
            return;
        }
        self.fps = fps;
        let mut value = fps;
        // SAFETY: this option reads one float during the call (codec_app_def.h of openh264).
        unsafe {
            self.encoder
                .raw_api()
                .set_option(ENCODER_OPTION_FRAME_RATE, (&raw mut value).cast::<c_void>());
        }
    }

    /// Encodes one frame taken `milliseconds` after the first into `stream` (cleared; annex B).
    ///
    /// # Errors
    /// When the library refuses the frame; the encoder should be replaced.
    pub fn encode(
        &mut self,
        frame: &Frame,
        milliseconds: u64,
        stream: &mut Vec<u8>,
    ) -> Result<Encoded, EncoderError> {
        stream.clear();
        let output = self
            .encoder
            .encode_at(&I420(frame), Timestamp::from_millis(milliseconds))
            .map_err(|error| EncoderError(error.to_string()))?;
        output.write_vec(stream);
        Ok(match output.frame_type() {
            _ if stream.is_empty() => Encoded::Skipped,
            FrameType::IDR => Encoded::Keyframe,
            _ => Encoded::Delta,
        })
    }
}
