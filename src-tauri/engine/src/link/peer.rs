//! Builds the connection: everything there will ever be, before the first description is made.

use std::sync::Arc;
use std::time::Duration;

use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{Registry, Slot};
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::transport::RTCDtlsRole;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, RTCDataChannelInit};
use webrtc::error::Error;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCConfigurationBuilder, RTCIceServer, SettingEngine,
    SettingEngineBuilder,
};
use webrtc::rtp_transceiver::RtpSender;
use webrtc::runtime::default_runtime;

use super::addresses::LocalAddresses;
use super::arrival_tap::ArrivalTap;
use super::chat::CHAT_STREAM;
use super::config::{
    CHANNEL_BUFFER_BYTES, CHECKS_PER_PAIR, DISCONNECTED_AFTER, FAILED_AFTER, IceServer, KEEPALIVE,
    LinkConfig, SRTP_REPLAY_WINDOW,
};
use super::control::CONTROL_STREAM;
use super::error::LinkError;
use super::feedback::{FEEDBACK_CAPACITY, Feedback, FeedbackTap};
use super::lines::{Line, media_engine};
use super::observer::Observer;
use super::relay_stream::{StreamRuntime, Streams};
use super::shared::Shared;
use super::stream::OutgoingStream;

/// Where the taps stand among the interceptors: nearest the wire.
const ARRIVAL_TAP_SLOT: usize = 400;
const FEEDBACK_TAP_SLOT: usize = 500;

/// A connection and the ends of it that the link's tasks hold.
pub(super) struct Peer {
    pub connection: Arc<dyn PeerConnection>,
    pub microphone: OutgoingStream,
    pub camera: OutgoingStream,
    pub screen: OutgoingStream,
    /// The shared sound's stream, which carries what fills up probes of the path: a picture's would then
    /// have holes whenever such a packet is lost.
    pub filler: OutgoingStream,
    pub feedback: mpsc::Receiver<Feedback>,
    pub control: Arc<dyn DataChannel>,
    pub chat: Arc<dyn DataChannel>,
}

impl Peer {
    pub async fn build(
        config: &LinkConfig,
        observer: Observer,
        shared: &Shared,
    ) -> Result<Self, LinkError> {
        let random = Random::new()?;
        let built = Self::try_build(config, observer, shared, &random).await;
        built.map_err(|error| LinkError::Setup(error.to_string()))
    }

    async fn try_build(
        config: &LinkConfig,
        observer: Observer,
        shared: &Shared,
        random: &Random,
    ) -> Result<Self, Error> {
        let [microphone, camera, screen] =
            [Line::Microphone, Line::Camera, Line::Screen].map(|line| random.ssrc(line));
        let (out, feedback) = mpsc::channel(FEEDBACK_CAPACITY);
        let tap = FeedbackTap::new(microphone, [camera, screen], out, shared.clocks.clone());
        // No NACK generator or responder and no bandwidth estimation of the library: ours are bounded.
        let interceptors = configure_rtcp_reports(Registry::new())
            .with(Slot::from(ARRIVAL_TAP_SLOT), ArrivalTap::new(camera))
            .with(Slot::from(FEEDBACK_TAP_SLOT), tap);
        let addresses = LocalAddresses {
            loopback: config.loopback,
        };
        let mut servers = config.ice_servers.clone();
        let streams = Streams::replace(&mut servers);
        let mut builder = PeerConnectionBuilder::new();
        if let Some(runtime) = default_runtime().filter(|_| !streams.is_empty()) {
            builder = builder.with_runtime(Arc::new(StreamRuntime::new(
                runtime,
                streams,
                shared.nudge.clone(),
            )));
        }
        let connection = builder
            .with_configuration(
                RTCConfigurationBuilder::new()
                    .with_ice_servers(ice_servers(servers))
                    .build(),
            )
            .with_media_engine(media_engine()?)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(settings(config))
            .with_handler(Arc::new(observer))
            .with_udp_addrs(vec![addresses])
            .with_data_channel_send_buffer_limit(CHANNEL_BUFFER_BYTES)
            .build()
            .await?;
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);

        // In this order: the answerer's tracks are matched to the offer's sections one by one.
        let mut senders: Vec<Arc<dyn RtpSender>> = Vec::new();
        for line in Line::ALL {
            let track = TrackLocalStaticRTP::new(line.track(random.ssrc(line)));
            let track: Arc<dyn TrackLocal> = Arc::new(track);
            senders.push(connection.add_track(track).await?);
        }
        let stream = |index: usize, ssrc| {
            OutgoingStream::new(senders[index].clone(), ssrc, random.sequence(index))
        };
        Ok(Self {
            microphone: stream(0, microphone),
            camera: stream(1, camera),
            screen: stream(2, screen),
            filler: stream(3, random.ssrc(Line::SharedSound)),
            feedback,
            control: channel(&*connection, "control", CONTROL_STREAM).await?,
            chat: channel(&*connection, "chat", CHAT_STREAM).await?,
            connection,
        })
    }
}

async fn channel(
    connection: &dyn PeerConnection,
    label: &str,
    stream: u16,
) -> Result<Arc<dyn DataChannel>, Error> {
    let options = RTCDataChannelInit {
        ordered: true,
        negotiated: Some(stream),
        ..Default::default()
    };
    connection.create_data_channel(label, Some(options)).await
}

fn ice_servers(servers: Vec<IceServer>) -> Vec<RTCIceServer> {
    servers
        .into_iter()
        .map(|server| RTCIceServer {
            urls: server.urls,
            username: server.username,
            credential: server.credential,
        })
        .collect()
}

fn settings(config: &LinkConfig) -> SettingEngine {
    // A path through a relay is as good as any: waiting for a better one cost 1.8 s at the start
    // of every relayed call (measured), and a better one is moved to anyway.
    let at_once = Some(Duration::ZERO);
    SettingEngineBuilder::new()
        .with_include_loopback_candidate(config.loopback)
        .with_discard_local_candidates_during_ice_restart(true)
        .with_ice_timeouts(
            Some(DISCONNECTED_AFTER),
            Some(FAILED_AFTER),
            Some(KEEPALIVE),
        )
        .with_ice_connection_attempts(None, Some(CHECKS_PER_PAIR))
        .with_srflx_acceptance_min_wait(at_once)
        .with_prflx_acceptance_min_wait(at_once)
        .with_relay_acceptance_min_wait(at_once)
        // Its multicast socket, on a machine that is offline, ends the driver for good.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        // Else a browser's later offer would be answered with the roles reversed.
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_srtp_replay_protection_window(SRTP_REPLAY_WINDOW)
        .build()
}

/// What must differ from link to link: stream identifiers and first sequence numbers.
struct Random {
    ssrc: u32,
    sequence: u32,
}

impl Random {
    fn new() -> Result<Self, LinkError> {
        let number = || getrandom::u32().map_err(|error| LinkError::Setup(error.to_string()));
        Ok(Self {
            ssrc: number()?,
            sequence: number()?,
        })
    }

    /// Distinct among the lines of a link, never zero.
    fn ssrc(&self, line: Line) -> u32 {
        (self.ssrc & !7) | (line as u32 + 1)
    }

    fn sequence(&self, index: usize) -> u16 {
        (self.sequence >> (index * 8)) as u16
    }
}
