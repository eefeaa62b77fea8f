//! What the other side says about our media: RTCP, picked up inside webrtc-rs.
//!
//! The library keeps RTCP to its interceptors. This one stands nearest the wire, copies what
//! concerns us into a bounded queue, and passes everything on. Runs on the connection's driver; a
//! packet that is no RTCP costs it two moves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use tokio::sync::mpsc;

use super::clocks::Clocks;
use super::picture::Picture;
use super::transport_cc::ReportReader;
use crate::transport::bitrate::Bitrate;
use crate::transport::report::{ReportBlock, SenderReports};
use crate::transport::transport_report::TransportReport;

/// Entries that may wait for the pump; a peer that floods us with feedback loses the rest of it.
pub(super) const FEEDBACK_CAPACITY: usize = 128;

/// Sequence numbers taken from one NACK: a datagram could name six thousand.
const MAX_NACKED: usize = 512;

/// Something the other side said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Feedback {
    /// It misses these packets of one of our pictures.
    Nack(Picture, Vec<u16>),
    /// It can decode nothing of that picture until there is a keyframe.
    Keyframe(Picture),
    /// When which of our packets arrived.
    Arrivals(TransportReport),
    /// What we send it should be no more than this, everything together.
    Most(Bitrate),
    /// What it received of our microphone or camera.
    Report {
        audio: bool,
        /// 0 to 1.
        loss: f32,
        round_trip: Option<Duration>,
    },
}

/// Copies feedback on our streams into a queue.
pub(super) struct FeedbackTap {
    microphone: u32,
    camera: u32,
    screen: u32,
    out: mpsc::Sender<Feedback>,
    sent: SenderReports,
    reader: ReportReader,
    clocks: Arc<Clocks>,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl FeedbackTap {
    /// For the streams of these identifiers.
    pub fn new(
        microphone: u32,
        [camera, screen]: [u32; 2],
        out: mpsc::Sender<Feedback>,
        clocks: Arc<Clocks>,
    ) -> Self {
        Self {
            microphone,
            camera,
            screen,
            out,
            sent: SenderReports::default(),
            reader: ReportReader::default(),
            clocks,
            reads: VecDeque::new(),
            writes: VecDeque::new(),
        }
    }

    fn read(&mut self, packet: &dyn rtcp::Packet, now: Instant) {
        let any = packet.as_any();
        if let Some(nack) = any.downcast_ref::<TransportLayerNack>() {
            if let Some(picture) = self.picture(nack.media_ssrc) {
                let asked = nack.nacks.iter().flat_map(|pair| pair.packet_list());
                self.tell(Feedback::Nack(picture, asked.take(MAX_NACKED).collect()));
            }
        } else if let Some(arrivals) = any.downcast_ref::<TransportLayerCc>() {
            if let Some(report) = self.reader.read(arrivals) {
                self.tell(Feedback::Arrivals(report));
            }
        } else if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
            if let Some(picture) = self.picture(pli.media_ssrc) {
                self.tell(Feedback::Keyframe(picture));
            }
        } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
            let mut asked = [false; 2];
            for picture in fir.fir.iter().filter_map(|entry| self.picture(entry.ssrc)) {
                // However often it is said in one packet, it is said once.
                if !std::mem::replace(&mut asked[picture as usize], true) {
                    self.tell(Feedback::Keyframe(picture));
                }
            }
        } else if let Some(most) = any.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            if most.ssrcs.iter().any(|ssrc| self.picture(*ssrc).is_some()) {
                // What is no number becomes 0, and what is too large the largest.
                self.tell(Feedback::Most(Bitrate::from_bps(most.bitrate as u64)));
            }
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            self.report(&report.reports, now);
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.clocks.hear(report);
            self.report(&report.reports, now);
        }
    }

    /// Which of our pictures this stream is.
    fn picture(&self, ssrc: u32) -> Option<Picture> {
        match ssrc {
            ssrc if ssrc == self.camera => Some(Picture::Camera),
            ssrc if ssrc == self.screen => Some(Picture::Screen),
            _ => None,
        }
    }

    fn report(&self, reports: &[ReceptionReport], now: Instant) {
        for report in reports {
            let audio = report.ssrc == self.microphone;
            if !audio && report.ssrc != self.camera {
                continue;
            }
            let block = ReportBlock {
                fraction_lost: report.fraction_lost,
                last_sender_report: report.last_sender_report,
                delay: report.delay,
            };
            self.tell(Feedback::Report {
                audio,
                loss: block.loss(),
                round_trip: self.sent.round_trip(&block, now),
            });
        }
    }

    /// A report of ours that says when things were captured, not when they were sent.
    fn corrected(&self, report: &SenderReport, now: Instant) -> Option<SenderReport> {
        let rtp_time = match report.ssrc {
            ssrc if ssrc == self.microphone => self.clocks.voice(now)?,
            ssrc if self.picture(ssrc).is_some() => self.clocks.picture(now)?,
            _ => return None,
        };
        Some(SenderReport {
            rtp_time,
            ..report.clone()
        })
    }

    fn tell(&self, feedback: Feedback) {
        // A full queue drops: what is lost here is asked for again.
        let _ = self.out.try_send(feedback);
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for FeedbackTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            for packet in packets {
                self.read(packet.as_ref(), message.now);
            }
        }
        self.reads.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, mut message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &mut message.message.packet {
            for packet in packets {
                let Some(report) = packet.as_any().downcast_ref::<SenderReport>() else {
                    continue;
                };
                self.sent.sent(report.ntp_time, message.now);
                if let Some(report) = self.corrected(report, message.now) {
                    *packet = Box::new(report);
                }
            }
        }
        self.writes.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for FeedbackTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::interceptor::AttributedPacket;
    use rtc::rtcp::payload_feedbacks::full_intra_request::FirEntry;
    use rtc::rtcp::transport_feedbacks::transport_layer_nack::NackPair;
    use rtc::shared::TransportContext;

    const MICROPHONE: u32 = 1;
    const CAMERA: u32 = 2;
    const SCREEN: u32 = 3;

    fn tap() -> (FeedbackTap, mpsc::Receiver<Feedback>) {
        let (out, heard) = mpsc::channel(FEEDBACK_CAPACITY);
        (
            FeedbackTap::new(MICROPHONE, [CAMERA, SCREEN], out, Arc::default()),
            heard,
        )
    }

    fn tagged(packet: Box<dyn rtcp::Packet>, now: Instant) -> TaggedPacket {
        TaggedPacket {
            now,
            transport: TransportContext::default(),
            message: AttributedPacket::new(Packet::Rtcp(vec![packet])),
        }
    }

    fn hear(packet: impl rtcp::Packet + 'static) -> Option<Feedback> {
        let (mut tap, mut heard) = tap();
        let packet = tagged(Box::new(packet), Instant::now());
        tap.handle_read(packet).expect("nothing can fail");
        assert!(
            tap.poll_read().is_some(),
            "the packet goes on to the others"
        );
        heard.try_recv().ok()
    }

    #[test]
    fn a_request_for_packets_of_a_picture_of_ours_is_heard() {
        let nack = |media_ssrc| TransportLayerNack {
            sender_ssrc: 9,
            media_ssrc,
            nacks: vec![NackPair {
                packet_id: 65_535,
                lost_packets: 0b101,
            }],
        };
        for (ssrc, picture) in [(CAMERA, Picture::Camera), (SCREEN, Picture::Screen)] {
            let asked = Feedback::Nack(picture, vec![65_535, 0, 2]);
            assert_eq!(hear(nack(ssrc)), Some(asked));
        }
        assert_eq!(hear(nack(77)), None, "no stream of ours");
    }

    #[test]
    fn the_most_that_should_be_sent_is_heard_and_no_number_is_too_strange() {
        let most = |ssrc, bitrate| ReceiverEstimatedMaximumBitrate {
            sender_ssrc: 9,
            bitrate,
            ssrcs: vec![77, ssrc],
        };
        let heard = |bps| Some(Feedback::Most(Bitrate::from_bps(bps)));
        assert_eq!(hear(most(CAMERA, 110_000.0)), heard(110_000));
        assert_eq!(hear(most(78, 110_000.0)), None, "no stream of ours");
        assert_eq!(hear(most(CAMERA, f32::NAN)), heard(0));
        assert_eq!(hear(most(CAMERA, -1.0)), heard(0));
        assert_eq!(hear(most(CAMERA, f32::INFINITY)), heard(u64::MAX));
    }

    #[test]
    fn both_ways_to_ask_for_a_keyframe_are_heard() {
        let pli = |media_ssrc| PictureLossIndication {
            sender_ssrc: 9,
            media_ssrc,
        };
        assert_eq!(hear(pli(77)), None);
        for (ssrc, picture) in [(CAMERA, Picture::Camera), (SCREEN, Picture::Screen)] {
            assert_eq!(hear(pli(ssrc)), Some(Feedback::Keyframe(picture)));
            let entry = FirEntry {
                ssrc,
                sequence_number: 1,
            };
            let fir = FullIntraRequest {
                sender_ssrc: 9,
                media_ssrc: 0,
                fir: vec![entry],
            };
            assert_eq!(hear(fir), Some(Feedback::Keyframe(picture)));
        }
    }

    #[test]
    fn a_report_tells_loss_and_the_round_trip_since_our_own() {
        let (mut tap, mut heard) = tap();
        let now = Instant::now();
        let ours = SenderReport {
            ssrc: CAMERA,
            ntp_time: 7 << 16,
            ..Default::default()
        };
        tap.handle_write(tagged(Box::new(ours), now))
            .expect("nothing can fail");
        let block = ReceptionReport {
            ssrc: CAMERA,
            fraction_lost: 128,
            last_sender_report: 7,
            delay: 0,
            ..Default::default()
        };
        let theirs = ReceiverReport {
            reports: vec![block],
            ..Default::default()
        };
        let later = now + Duration::from_millis(30);
        tap.handle_read(tagged(Box::new(theirs), later))
            .expect("nothing can fail");
        let expected = Feedback::Report {
            audio: false,
            loss: 0.5,
            round_trip: Some(Duration::from_millis(30)),
        };
        assert_eq!(heard.try_recv(), Ok(expected));
    }

    #[test]
    fn a_flood_of_feedback_is_bounded() {
        let (mut tap, mut heard) = tap();
        for _ in 0..10_000 {
            let pli = PictureLossIndication {
                sender_ssrc: 9,
                media_ssrc: CAMERA,
            };
            tap.handle_read(tagged(Box::new(pli), Instant::now()))
                .expect("nothing can fail");
            tap.poll_read();
        }
        let kept = std::iter::from_fn(|| heard.try_recv().ok()).count();
        assert_eq!(kept, FEEDBACK_CAPACITY);
        let pairs = vec![
            NackPair {
                packet_id: 0,
                lost_packets: 0xffff
            };
            350
        ];
        let nack = TransportLayerNack {
            sender_ssrc: 9,
            media_ssrc: CAMERA,
            nacks: pairs,
        };
        let Some(Feedback::Nack(_, asked)) = hear(nack) else {
            panic!("a request for packets is heard")
        };
        assert_eq!(asked.len(), MAX_NACKED);
    }
}
