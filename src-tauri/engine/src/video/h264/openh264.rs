//! The few calls of openh264's encoder that are needed here, by its C interface: the safe wrapper can't ask for temporal
//! layers. On whichever thread owns the encoder.
#![allow(unsafe_code)] // the interface is C

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{self, NonNull};

use openh264_sys2::{
    API, CAMERA_VIDEO_REAL_TIME, CONSTANT_ID, DEBLOCKING_IDC_0, DynamicAPI, ENCODER_OPTION,
    ENCODER_OPTION_BITRATE, ENCODER_OPTION_DATAFORMAT, ENCODER_OPTION_FRAME_RATE,
    ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl,
    LOW_COMPLEXITY, PRO_BASELINE, RC_BITRATE_MODE, SBitrateInfo, SCREEN_CONTENT_REAL_TIME,
    SEncParamExt, SFrameBSInfo, SM_SINGLE_SLICE, SPATIAL_LAYER_0, SSourcePicture, WELS_LOG_QUIET,
    videoFormatI420,
};

use super::encode::EncoderError;
use super::library::Library;
use crate::video::content::Content;
use crate::video::frame::Frame;

/// Two: the pictures that others build on, and those between them that can be left out, 0.37 of the bits. At the same
/// bitrate that costs 0.1 dB at 720p and 1500 kbit/s, 0.4 dB at 700, 0.5 dB at 360p and 500 (measured with the pattern).
const TEMPORAL_LAYERS: c_int = 2;

/// What the library answers when all went well.
const OK: c_int = 0;

/// An encoder of the library, made for one size.
pub(super) struct OpenH264 {
    encoder: NonNull<ISVCEncoder>,
    // Where its code is: must stay for as long as the encoder does.
    library: DynamicAPI,
    size: (u32, u32),
    output: Box<SFrameBSInfo>,
}

// SAFETY: the encoder has no thread of its own (one is asked for, which is the caller's) and no
// state outside itself; it is only ever used by its owner, one call at a time.
unsafe impl Send for OpenH264 {}

/// Calls a function of the encoder; a missing one is an error like any other.
macro_rules! call {
    ($encoder:expr, $function:ident $(, $argument:expr)*) => {{
        let encoder = $encoder.as_ptr();
        let table: &ISVCEncoderVtbl = &**encoder;
        match table.$function {
            Some(function) => function(encoder $(, $argument)*),
            None => !OK,
        }
    }};
}

impl OpenH264 {
    /// For pictures of this size, as many bits and frames a second.
    pub fn new(
        content: Content,
        size: (u32, u32),
        bitrate_bps: u32,
        fps: f32,
    ) -> Result<Self, EncoderError> {
        let library = Library::open()?;
        Self::of(library, content, size, bitrate_bps, fps).map_err(EncoderError::Refused)
    }

    /// As [`Self::new`], with this library. On failure its number of the reason.
    fn of(
        library: DynamicAPI,
        content: Content,
        size: (u32, u32),
        bitrate_bps: u32,
        fps: f32,
    ) -> Result<Self, c_int> {
        let mut raw: *mut ISVCEncoder = ptr::null_mut();
        // SAFETY: writes a pointer, or leaves null and says why not.
        let created = unsafe { library.WelsCreateSVCEncoder(&raw mut raw) };
        let encoder = NonNull::new(raw).filter(|_| created == OK).ok_or(created)?;
        // From here on, dropping it gives the library's memory back.
        let this = Self {
            encoder,
            library,
            size,
            output: Box::default(),
        };
        let mut parameters = SEncParamExt::default();
        // SAFETY: fills the structure, which outlives the call.
        check(unsafe { call!(encoder, GetDefaultParams, &raw mut parameters) })?;
        describe(&mut parameters, size, bitrate_bps, fps);
        if content == Content::Screen {
            describe_screen(&mut parameters);
        }
        // SAFETY: reads the structure, which outlives the call.
        check(unsafe { call!(encoder, InitializeExt, &raw const parameters) })?;
        this.set(ENCODER_OPTION_TRACE_LEVEL, &mut { WELS_LOG_QUIET });
        this.set(ENCODER_OPTION_DATAFORMAT, &mut { videoFormatI420 });
        Ok(this)
    }

    /// Makes the next picture one from which decoding can begin.
    pub fn force_keyframe(&mut self) {
        // SAFETY: takes nothing but a flag.
        unsafe { call!(self.encoder, ForceIntraFrame, true) };
    }

    /// Aims at a rate that was `before` until now.
    pub fn set_bitrate(&mut self, before: u32, bitrate_bps: u32) {
        let mut info = SBitrateInfo {
            iLayer: SPATIAL_LAYER_0,
            iBitrate: number(bitrate_bps),
        };
        // The most must never be less than what is aimed at, or the library goes on leaving frames out for the old most.
        let options = if bitrate_bps > before {
            [ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_BITRATE]
        } else {
            [ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE]
        };
        for option in options {
            self.set(option, &mut info);
        }
    }

    pub fn set_frame_rate(&mut self, mut fps: f32) {
        self.set(ENCODER_OPTION_FRAME_RATE, &mut fps);
    }

    /// Encodes a picture of the size this encoder is for, and appends what came of it to `stream`. On failure the
    /// library's number of the reason; a picture of another size is one.
    pub fn encode(
        &mut self,
        frame: &Frame,
        milliseconds: u64,
        stream: &mut Vec<u8>,
    ) -> Result<(), c_int> {
        if (frame.width, frame.height) != self.size {
            return Err(!OK);
        }
        let plane = |bytes: &[u8]| bytes.as_ptr().cast_mut();
        let (width, height) = (number(frame.width), number(frame.height));
        let picture = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [width, width / 2, width / 2, 0],
            pData: [
                plane(frame.y()),
                plane(frame.u()),
                plane(frame.v()),
                ptr::null_mut(),
            ],
            iPicWidth: width,
            iPicHeight: height,
            uiTimeStamp: i64::try_from(milliseconds).unwrap_or(i64::MAX),
            bPsnrY: false,
            bPsnrU: false,
            bPsnrV: false,
        };
        let output = &raw mut *self.output;
        // SAFETY: the planes are as long as the size that was checked above makes them, are only read, and outlive the
        // call; so do both structures.
        check(unsafe { call!(self.encoder, EncodeFrame, &raw const picture, output) })?;
        let layers = usize::try_from(self.output.iLayerNum).unwrap_or(0);
        for layer in self.output.sLayerInfo.iter().take(layers) {
            let units = usize::try_from(layer.iNalCount).unwrap_or(0);
            // SAFETY: the library's own buffers, valid until the next call: as many lengths as units, and as many bytes
            // as the lengths add up to.
            unsafe {
                let lengths = slice(layer.pNalLengthInByte, units);
                let bytes = lengths.iter().filter_map(|it| usize::try_from(*it).ok());
                stream.extend_from_slice(slice(layer.pBsBuf, bytes.sum()));
            }
        }
        Ok(())
    }

    /// Sets an option whose value has exactly the type that the library reads there (codec_app_def.h of openh264).
    fn set<T>(&self, option: ENCODER_OPTION, value: &mut T) {
        let value = ptr::from_mut(value).cast::<c_void>();
        // SAFETY: the value outlives the call; its type is the caller's promise, kept by the callers above.
        unsafe { call!(self.encoder, SetOption, option, value) };
    }
}

impl Drop for OpenH264 {
    fn drop(&mut self) {
        // SAFETY: made by this library, not yet destroyed, and used by nobody else.
        unsafe {
            call!(self.encoder, Uninitialize);
            self.library.WelsDestroySVCEncoder(self.encoder.as_ptr());
        }
    }
}

/// What is different with screens: every picture refers to the one before it, since each is sent to all or not at all; and the
/// library looks for what has only moved, and gives sharp edges their bits.
fn describe_screen(parameters: &mut SEncParamExt) {
    parameters.iUsageType = SCREEN_CONTENT_REAL_TIME;
    parameters.iTemporalLayerNum = 1;
}

/// How we want pictures encoded.
fn describe(parameters: &mut SEncParamExt, size: (u32, u32), bitrate_bps: u32, fps: f32) {
    let (width, height) = (number(size.0), number(size.1));
    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.iTargetBitrate = number(bitrate_bps);
    parameters.iRCMode = RC_BITRATE_MODE;
    parameters.fMaxFrameRate = fps;
    parameters.iTemporalLayerNum = TEMPORAL_LAYERS;
    parameters.iComplexityMode = LOW_COMPLEXITY;
    // Keyframes cost everybody: only when somebody asks.
    parameters.uiIntraPeriod = 0;
    parameters.eSpsPpsIdStrategy = CONSTANT_ID;
    // Without leave to skip, the rate control overshoots for seconds.
    parameters.bEnableFrameSkip = true;
    parameters.iMinQp = 0;
    parameters.iMaxQp = 51;
    parameters.iMultipleThreadIdc = 1;
    parameters.iLoopFilterDisableIdc = number(DEBLOCKING_IDC_0 as u32);
    parameters.bEnableSceneChangeDetect = false;
    // Both cost CPU and blur what moves slowly, as faces do.
    parameters.bEnableBackgroundDetection = false;
    parameters.bEnableAdaptiveQuant = false;
    parameters.bEnableLongTermReference = false;
    parameters.bEnableDenoise = false;
    parameters.iSpatialLayerNum = 1;
    let whole = &mut parameters.sSpatialLayers[0];
    whole.iVideoWidth = width;
    whole.iVideoHeight = height;
    whole.fFrameRate = fps;
    whole.iSpatialBitrate = number(bitrate_bps);
    whole.iMaxSpatialBitrate = number(bitrate_bps);
    whole.uiProfileIdc = PRO_BASELINE;
    whole.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
    whole.sSliceArgument.uiSliceNum = 1 as c_uint;
}

/// # Safety
/// `first` must be null, or point to `length` values that live as long as what is returned is used.
unsafe fn slice<'a, T>(first: *const T, length: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(first, length) }
}

fn check(answer: c_int) -> Result<(), c_int> {
    if answer == OK { Ok(()) } else { Err(answer) }
}

fn number(value: u32) -> c_int {
    c_int::try_from(value).unwrap_or(c_int::MAX)
}
