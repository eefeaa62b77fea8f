//! Transport-wide feedback as it stands in RTCP, from and into plain reports
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
//!
//! Pure. A report of 50 packets costs some microseconds and 90 bytes. What is read was written by
//! others: whatever it says, it becomes a report or nothing.

use std::time::Duration;

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, StatusVectorChunk,
    SymbolSizeTypeTcc, SymbolTypeTcc, TransportLayerCc,
};

use crate::transport::transport_report::TransportReport;

/// The header extension that carries a packet's transport-wide number.
pub(super) const TRANSPORT_CC_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// The unit of a difference between two arrivals, microseconds.
const TICK_MICROS: i64 = 250;

/// The unit of the reference time, in ticks: 64 ms.
const REFERENCE_TICKS: i64 = 256;

/// The reference time has 24 bits, and wraps after twelve days.
const REFERENCE_WRAP: i64 = 1 << 24;

/// Symbols in one status vector, of one bit and of two bits each.
const ONE_BIT_SYMBOLS: usize = 14;
const TWO_BIT_SYMBOLS: usize = 7;

/// The longest run in one chunk: 13 bits.
const MAX_RUN: usize = (1 << 13) - 1;

/// Packets taken from one report: more than are under way on any path. One could name 65,535.
const MAX_PACKETS: usize = 8192;

use SymbolTypeTcc::{PacketNotReceived, PacketReceivedLargeDelta, PacketReceivedSmallDelta};

/// Writes reports about what came from one link.
#[derive(Debug, Default)]
pub(super) struct ReportWriter {
    written: u8,
}

impl ReportWriter {
    /// In the name of `sender_ssrc`, about the transport that carries `media_ssrc`. `None` for a
    /// report about nothing that arrived, or about times that one report can't tell apart.
    pub fn write(
        &mut self,
        report: &TransportReport,
        sender_ssrc: u32,
        media_ssrc: u32,
    ) -> Option<TransportLayerCc> {
        let (base, _) = *report.packets.first()?;
        let mut last = None;
        let mut reference = 0;
        let mut symbols = Vec::with_capacity(report.packets.len());
        let mut deltas = Vec::with_capacity(report.packets.len());
        for (_, at) in &report.packets {
            let Some(at) = at else {
                symbols.push(PacketNotReceived);
                continue;
            };
            let ticks = i64::try_from(at.as_micros()).ok()? / TICK_MICROS;
            let before = *last.get_or_insert_with(|| {
                reference = ticks / REFERENCE_TICKS;
                reference * REFERENCE_TICKS
            });
            let delta = i16::try_from(ticks - before).ok()?;
            let symbol = match u8::try_from(delta) {
                Ok(_) => PacketReceivedSmallDelta,
                Err(_) => PacketReceivedLargeDelta,
            };
            symbols.push(symbol);
            deltas.push(RecvDelta {
                type_tcc_packet: symbol,
                delta: i64::from(delta) * TICK_MICROS,
            });
            last = Some(ticks);
        }
        last?;
        let fb_pkt_count = self.written;
        self.written = self.written.wrapping_add(1);
        Some(TransportLayerCc {
            sender_ssrc,
            media_ssrc,
            base_sequence_number: base,
            packet_status_count: u16::try_from(symbols.len()).ok()?,
            reference_time: (reference % REFERENCE_WRAP) as u32,
            fb_pkt_count,
            packet_chunks: chunks(&symbols),
            recv_deltas: deltas,
        })
    }
}

/// Runs where many packets fared alike, vectors where they did not.
fn chunks(mut symbols: &[SymbolTypeTcc]) -> Vec<PacketStatusChunk> {
    let mut chunks = Vec::new();
    while let Some(&first) = symbols.first() {
        let run = symbols.iter().take_while(|symbol| **symbol == first);
        let run = run.take(MAX_RUN).count();
        let next = &symbols[..symbols.len().min(ONE_BIT_SYMBOLS)];
        let (chunk, taken) = if run > TWO_BIT_SYMBOLS || run == symbols.len() {
            (run_chunk(first, run), run)
        } else if next.contains(&PacketReceivedLargeDelta) {
            let taken = next.len().min(TWO_BIT_SYMBOLS);
            (vector(&next[..taken], SymbolSizeTypeTcc::TwoBit), taken)
        } else {
            (vector(next, SymbolSizeTypeTcc::OneBit), next.len())
        };
        chunks.push(chunk);
        symbols = &symbols[taken..];
    }
    chunks
}

fn run_chunk(symbol: SymbolTypeTcc, length: usize) -> PacketStatusChunk {
    PacketStatusChunk::RunLengthChunk(RunLengthChunk {
        type_tcc: StatusChunkTypeTcc::RunLengthChunk,
        packet_status_symbol: symbol,
        run_length: length as u16,
    })
}

fn vector(symbols: &[SymbolTypeTcc], size: SymbolSizeTypeTcc) -> PacketStatusChunk {
    PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
        type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
        symbol_size: size,
        symbol_list: symbols.to_vec(),
    })
}

/// Reads the other side's reports, whose clock wraps.
#[derive(Debug, Default)]
pub(super) struct ReportReader {
    /// The reference time of the last report, unwrapped.
    reference: Option<i64>,
}

impl ReportReader {
    /// What a report says. `None` when it contradicts itself.
    pub fn read(&mut self, feedback: &TransportLayerCc) -> Option<TransportReport> {
        let mut ticks = self.unwrap(feedback.reference_time) * REFERENCE_TICKS;
        let count = usize::from(feedback.packet_status_count).min(MAX_PACKETS);
        let mut deltas = feedback.recv_deltas.iter();
        let mut packets = Vec::with_capacity(count);
        let mut number = feedback.base_sequence_number;
        for chunk in &feedback.packet_chunks {
            for symbol in symbols(chunk).take(count - packets.len()) {
                let at = match symbol {
                    PacketReceivedSmallDelta | PacketReceivedLargeDelta => {
                        ticks += deltas.next()?.delta / TICK_MICROS;
                        let micros = u64::try_from(ticks * TICK_MICROS).ok()?;
                        Some(Duration::from_micros(micros))
                    }
                    _ => None,
                };
                packets.push((number, at));
                number = number.wrapping_add(1);
            }
        }
        Some(TransportReport { packets })
    }

    /// Far enough from zero that a difference can't lead below it.
    fn unwrap(&mut self, reference: u32) -> i64 {
        let reference = i64::from(reference) % REFERENCE_WRAP;
        let unwrapped = match self.reference {
            None => reference + REFERENCE_WRAP,
            Some(last) => {
                let ahead = (reference - last).rem_euclid(REFERENCE_WRAP);
                match ahead < REFERENCE_WRAP / 2 {
                    true => last + ahead,
                    false => (last + ahead - REFERENCE_WRAP).max(reference),
                }
            }
        };
        self.reference = Some(unwrapped);
        unwrapped
    }
}

fn symbols(chunk: &PacketStatusChunk) -> Box<dyn Iterator<Item = SymbolTypeTcc> + '_> {
    match chunk {
        PacketStatusChunk::RunLengthChunk(run) => Box::new(std::iter::repeat_n(
            run.packet_status_symbol,
            usize::from(run.run_length),
        )),
        PacketStatusChunk::StatusVectorChunk(vector) => {
            Box::new(vector.symbol_list.iter().copied())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::shared::marshal::{Marshal, Unmarshal};

    /// Over the wire and back.
    fn carried(report: &TransportReport) -> (usize, TransportReport) {
        let written = ReportWriter::default().write(report, 1, 2);
        let bytes = written.expect("a report").marshal().expect("bytes");
        let read = TransportLayerCc::unmarshal(&mut &bytes[..]).expect("a report");
        let report = ReportReader::default().read(&read);
        (bytes.len(), report.expect("a report"))
    }

    /// The times as they pass since the first arrival: the origin is the reader's own.
    fn relative(report: &TransportReport) -> Vec<(u16, Option<i128>)> {
        let first = report.packets.iter().find_map(|(_, at)| *at);
        let first = first.map_or(0, |at| at.as_micros() as i128);
        let since = |at: Duration| at.as_micros() as i128 - first;
        let packets = report.packets.iter();
        packets
            .map(|(number, at)| (*number, at.map(since)))
            .collect()
    }

    fn report(first: u16, millis: impl IntoIterator<Item = Option<u64>>) -> TransportReport {
        let packets = millis.into_iter().enumerate();
        TransportReport {
            packets: packets
                .map(|(n, at)| (first.wrapping_add(n as u16), at.map(Duration::from_millis)))
                .collect(),
        }
    }

    #[test]
    fn a_report_arrives_as_it_was_made() {
        let every = |n: u64| report(65_500, (0..n).map(|n| Some(5_000 + n)));
        let holes = report(7, (0..90).map(|n| (n % 7 != 3).then_some(200 + 2 * n)));
        let jumps = report(
            7,
            (0..90).map(|n| (n % 5 != 0).then_some(9_000 + 400 * (n % 3))),
        );
        let gap = report(
            7,
            (0..90).map(|n| (!(20..60).contains(&n)).then_some(90 - n)),
        );
        for report in [
            every(1),
            every(13),
            every(60),
            every(400),
            holes,
            jumps,
            gap,
        ] {
            let (bytes, read) = carried(&report);
            assert_eq!(relative(&read), relative(&report));
            assert!(bytes < 1100, "{bytes} bytes");
        }
    }

    #[test]
    fn nothing_that_arrived_is_no_report() {
        let mut writer = ReportWriter::default();
        assert_eq!(writer.write(&report(1, [None, None]), 1, 2), None);
        assert_eq!(writer.write(&TransportReport::default(), 1, 2), None);
        assert_eq!(writer.write(&report(1, [Some(0), Some(9_000)]), 1, 2), None);
    }

    #[test]
    fn the_other_sides_clock_may_wrap() {
        let mut reader = ReportReader::default();
        let mut at = |reference: u32| {
            let delta = RecvDelta {
                type_tcc_packet: PacketReceivedSmallDelta,
                delta: 0,
            };
            let feedback = TransportLayerCc {
                reference_time: reference,
                packet_status_count: 1,
                packet_chunks: vec![run_chunk(PacketReceivedSmallDelta, 1)],
                recv_deltas: vec![delta],
                ..Default::default()
            };
            let report = reader.read(&feedback).expect("a report");
            report.packets[0].1.expect("a time")
        };
        let before = at((1 << 24) - 1);
        assert_eq!(at(1) - before, Duration::from_millis(128));
        assert_eq!(at((1 << 24) - 1), before, "an old one");
    }

    #[test]
    fn whatever_bytes_come_they_are_a_report_or_nothing() {
        let written = ReportWriter::default().write(&report(9, (0..50).map(Some)), 1, 2);
        let bytes = written.expect("a report").marshal().expect("bytes");
        let mut random = 0x1234_5678u32;
        let mut reader = ReportReader::default();
        for _ in 0..20_000 {
            let mut changed = bytes.to_vec();
            for _ in 0..4 {
                random ^= random << 13;
                random ^= random >> 17;
                random ^= random << 5;
                let at = random as usize % changed.len();
                // The length and the type stay, or the library would look no further.
                if at >= 4 {
                    changed[at] = (random >> 16) as u8;
                }
            }
            if let Ok(feedback) = TransportLayerCc::unmarshal(&mut &changed[..])
                && let Some(report) = reader.read(&feedback)
            {
                assert!(report.packets.len() <= MAX_PACKETS);
            }
        }
    }
}
