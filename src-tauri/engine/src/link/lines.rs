//! What a connection carries: its media sections, their codecs, and our side's stream identifiers.

use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::shared::error::Error;

use super::transport_cc::TRANSPORT_CC_URI;

/// The media sections of every description, in order, by kind: see [`Line`], then the data channels.
pub(super) const SECTIONS: [&str; 5] = ["audio", "video", "video", "audio", "application"];

/// The payload types we offer; the other side's offer may choose others.
const OPUS_PAYLOAD_TYPE: u8 = 111;
const H264_PAYLOAD_TYPE: u8 = 102;
const RED_PAYLOAD_TYPE: u8 = 63;

/// Constrained Baseline, level 3.1, packetisation mode 1: what openh264 and every browser speak.
const H264_FORMAT: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

/// In-band FEC, and packets no shorter than 10 ms (RFC 7587).
const OPUS_FORMAT: &str = "minptime=10;useinbandfec=1";

/// Copies of Opus packets in Opus packets (RFC 2198).
const MIME_TYPE_RED: &str = "audio/red";

/// Of what they are copies: [`OPUS_PAYLOAD_TYPE`], the newest and those before it.
const RED_FORMAT: &str = "111/111";

/// What the two sides call what a section carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PayloadTypes {
    /// The codec.
    pub media: u8,
    /// Packets of it with copies of earlier ones, if both sides know how.
    pub red: Option<u8>,
}

impl PayloadTypes {
    /// `None` while nothing is agreed on, or nothing in common.
    pub fn of(codecs: &[RTCRtpCodecParameters]) -> Option<Self> {
        let is_red = |codec: &&RTCRtpCodecParameters| {
            codec
                .rtp_codec
                .mime_type
                .eq_ignore_ascii_case(MIME_TYPE_RED)
        };
        Some(Self {
            media: codecs.iter().find(|codec| !is_red(codec))?.payload_type,
            red: codecs.iter().find(is_red).map(|codec| codec.payload_type),
        })
    }
}

/// One media section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Microphone,
    Camera,
    Screen,
    SharedSound,
}

impl Line {
    /// In the order of [`SECTIONS`].
    pub const ALL: [Self; 4] = [
        Self::Microphone,
        Self::Camera,
        Self::Screen,
        Self::SharedSound,
    ];

    /// Its name in `msid`, for who reads descriptions.
    fn name(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::SharedSound => "sound",
        }
    }

    fn kind(self) -> RtpCodecKind {
        match self {
            Self::Microphone | Self::SharedSound => RtpCodecKind::Audio,
            Self::Camera | Self::Screen => RtpCodecKind::Video,
        }
    }

    /// The sending half of this section, under the given stream identifier.
    pub fn track(self, ssrc: u32) -> MediaStreamTrack {
        let codec = match self.kind() {
            RtpCodecKind::Video => h264(),
            _ => opus(),
        };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..Default::default()
            },
            codec,
            ..Default::default()
        };
        // The microphone and the camera are one stream, so that a browser keeps them in step; the
        // screen and its sound are another.
        let stream = match self {
            Self::Microphone | Self::Camera => "person",
            Self::Screen | Self::SharedSound => "shared",
        };
        let (id, label) = (self.name().to_owned(), self.name().to_owned());
        MediaStreamTrack::new(stream.to_owned(), id, label, self.kind(), vec![encoding])
    }
}

/// The codecs and feedback that we offer and accept.
pub(super) fn media_engine() -> Result<MediaEngine, Error> {
    let mut engine = MediaEngine::default();
    let opus = RTCRtpCodecParameters {
        rtp_codec: opus(),
        payload_type: OPUS_PAYLOAD_TYPE,
    };
    let h264 = RTCRtpCodecParameters {
        rtp_codec: h264(),
        payload_type: H264_PAYLOAD_TYPE,
    };
    let red = RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_RED.to_owned(),
            sdp_fmtp_line: RED_FORMAT.to_owned(),
            ..self::opus()
        },
        payload_type: RED_PAYLOAD_TYPE,
    };
    engine.register_codec(opus, RtpCodecKind::Audio)?;
    // After Opus, so that nobody sends copies unless they are needed.
    engine.register_codec(red, RtpCodecKind::Audio)?;
    engine.register_codec(h264, RtpCodecKind::Video)?;
    for parameter in ["", "pli"] {
        engine.register_feedback(feedback("nack", parameter), RtpCodecKind::Video);
    }
    for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
        engine.register_feedback(feedback("transport-cc", ""), kind);
        let extension = RTCRtpHeaderExtensionCapability {
            uri: TRANSPORT_CC_URI.to_owned(),
        };
        engine.register_header_extension(extension, kind, None)?;
    }
    Ok(engine)
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: OPUS_FORMAT.to_owned(),
        rtcp_feedback: vec![],
    }
}

fn h264() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: H264_FORMAT.to_owned(),
        rtcp_feedback: vec![feedback("ccm", "fir")],
    }
}

fn feedback(typ: &str, parameter: &str) -> RTCPFeedback {
    RTCPFeedback {
        typ: typ.to_owned(),
        parameter: parameter.to_owned(),
    }
}
