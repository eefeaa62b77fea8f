//! Tells the other side when its packets arrived: numbers picked up inside webrtc-rs, reports put in.
//!
//! Stands nearest the wire, so that what it notes is the moment at which a packet came off the
//! socket. Runs on the connection's driver; costs a packet of media one look at its header.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtp::header::Header;
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use rtc::shared::error::Error;

use super::transport_cc::{ReportWriter, TRANSPORT_CC_URI};
use crate::transport::arrivals::Arrivals;

/// Records what arrives on every stream, and reports it.
pub(super) struct ArrivalTap {
    /// In whose name reports are made.
    ours: u32,
    /// A stream of theirs that was heard of late: reports name one.
    theirs: u32,
    /// Under which number each stream's header carries the transport-wide number.
    extensions: HashMap<u32, u8>,
    arrivals: Option<Arrivals>,
    writer: ReportWriter,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl ArrivalTap {
    /// Reports in the name of this stream of ours.
    pub fn new(ours: u32) -> Self {
        Self {
            ours,
            theirs: 0,
            extensions: HashMap::new(),
            arrivals: None,
            writer: ReportWriter::default(),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
        }
    }

    fn number(&self, header: &Header) -> Option<u16> {
        let id = *self.extensions.get(&header.ssrc)?;
        let bytes = header.get_extension(id)?;
        Some(u16::from_be_bytes(bytes[..].try_into().ok()?))
    }

    fn report(&mut self, now: Instant) {
        let Some(arrivals) = &mut self.arrivals else {
            return;
        };
        while let Some(report) = arrivals.poll(now) {
            let Some(report) = self.writer.write(&report, self.ours, self.theirs) else {
                continue;
            };
            self.writes.push_back(TaggedPacket {
                now,
                transport: TransportContext::default(),
                message: AttributedPacket::new(Packet::Rtcp(vec![Box::new(report)])),
            });
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for ArrivalTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(packet) = &message.message.packet
            && let Some(number) = self.number(&packet.header)
        {
            let now = message.now;
            self.theirs = packet.header.ssrc;
            let arrivals = self.arrivals.get_or_insert_with(|| Arrivals::new(now));
            arrivals.record(number, now);
        }
        self.reads.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.report(now);
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.arrivals.as_ref().and_then(Arrivals::deadline)
    }
}

impl Interceptor for ArrivalTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        let extensions = info.rtp_header_extensions.iter();
        let ours = extensions.filter(|extension| extension.uri == TRANSPORT_CC_URI);
        for id in ours.filter_map(|extension| u8::try_from(extension.id).ok()) {
            self.extensions.insert(info.ssrc, id);
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.extensions.remove(&info.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use rtc::interceptor::RTPHeaderExtension;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
    use rtc::rtp;
    use std::time::Duration;

    const THEIRS: u32 = 7;
    const EXTENSION: u8 = 3;

    fn tap() -> ArrivalTap {
        let mut tap = ArrivalTap::new(1);
        tap.bind_remote_stream(&StreamInfo {
            ssrc: THEIRS,
            rtp_header_extensions: vec![RTPHeaderExtension {
                uri: TRANSPORT_CC_URI.to_owned(),
                id: u16::from(EXTENSION),
            }],
            ..Default::default()
        });
        tap
    }

    fn arrive(tap: &mut ArrivalTap, number: &[u8], now: Instant) {
        let mut header = Header {
            version: 2,
            ssrc: THEIRS,
            ..Default::default()
        };
        let number = Bytes::copy_from_slice(number);
        header.set_extension(EXTENSION, number).expect("room");
        let packet = rtp::Packet {
            header,
            payload: Bytes::new(),
        };
        let message = TaggedPacket {
            now,
            transport: TransportContext::default(),
            message: Packet::Rtp(packet).into(),
        };
        tap.handle_read(message).expect("nothing can fail");
        assert!(tap.poll_read().is_some(), "media passes");
    }

    #[test]
    fn what_arrives_is_reported_in_time() {
        let (mut tap, now) = (tap(), Instant::now());
        assert_eq!(tap.poll_timeout(), None);
        arrive(&mut tap, &[0, 5], now);
        arrive(&mut tap, &[0, 7], now + Duration::from_millis(4));
        let due = tap.poll_timeout().expect("a report is due");
        assert!(due <= now + Duration::from_millis(100));
        tap.handle_timeout(due).expect("nothing can fail");
        let sent = tap.poll_write().expect("a report");
        let Packet::Rtcp(packets) = &sent.message.packet else {
            panic!("a report is RTCP")
        };
        let report = packets[0].as_any().downcast_ref::<TransportLayerCc>();
        let report = report.expect("a report");
        assert_eq!((report.sender_ssrc, report.media_ssrc), (1, THEIRS));
        assert_eq!(
            (report.base_sequence_number, report.packet_status_count),
            (5, 3)
        );
        assert_eq!(tap.poll_timeout(), None);
    }

    #[test]
    fn a_number_that_is_none_is_passed_over() {
        let (mut tap, now) = (tap(), Instant::now());
        arrive(&mut tap, &[5], now);
        arrive(&mut tap, &[5, 6, 7], now);
        assert_eq!(tap.poll_timeout(), None);
    }
}
