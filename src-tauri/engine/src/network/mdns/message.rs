//! Questions for names of the local network and the answers to them (RFC 1035, section 4; RFC 6762,
//! section 18). Pure; foreign bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest message that is read: one datagram of an Ethernet, jumbo ones cut off.
pub const MAX_BYTES: usize = 1500;

/// Records read of one message. A responder with many names sends a few dozen.
const MAX_RECORDS: usize = 64;

/// Addresses taken of one answer: a browser has one of each kind.
const MAX_ADDRESSES: usize = 4;

/// Steps from one pointer to another in a compressed name: a loop has no end.
const MAX_POINTERS: usize = 8;

/// Bytes of a name, at most (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 255;

const HEADER_BYTES: usize = 12;
/// Flags: it is an answer.
const IS_ANSWER: u8 = 0x80;
/// Types and class (RFC 1035, section 3.2; RFC 3596).
const A: u16 = 1;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;
/// Of a question's class: an answer to us alone will do. Of an answer's: it is all there is.
const TOP_BIT: u16 = 0x8000;

/// A name that a browser made up: a UUID under `local` (draft-ietf-mmusic-mdns-ice-candidates-03,
/// section 3.1.1). Others are not asked for: a peer shall not have this machine search its owner's
/// network for a printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalName {
    uuid: String,
}

impl LocalName {
    /// Reads a name; none when it is no UUID under `local`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let uuid = text.strip_suffix(".local")?;
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        let is_hex = |c: char| c == '-' || c.is_ascii_hexdigit();
        let is_uuid = groups == [8, 4, 4, 4, 12] && uuid.chars().all(is_hex);
        is_uuid.then(|| Self {
            uuid: uuid.to_ascii_lowercase(),
        })
    }

    fn labels(&self) -> [&str; 2] {
        [&self.uuid, "local"]
    }

    /// A message that asks for its addresses of both kinds.
    pub(super) fn question(&self) -> Vec<u8> {
        let mut message = vec![0; HEADER_BYTES];
        message[5] = 2;
        for kind in [A, AAAA] {
            self.write(&mut message);
            message.extend(kind.to_be_bytes());
            message.extend((INTERNET | TOP_BIT).to_be_bytes());
        }
        message
    }

    /// A message that answers.
    #[cfg(test)]
    pub(super) fn answer(&self, addresses: &[IpAddr]) -> Vec<u8> {
        let mut message = vec![0; HEADER_BYTES];
        message[2] = IS_ANSWER | 4;
        message[7] = addresses.len() as u8;
        for address in addresses {
            self.write(&mut message);
            let (kind, data) = match address {
                IpAddr::V4(ip) => (A, ip.octets().to_vec()),
                IpAddr::V6(ip) => (AAAA, ip.octets().to_vec()),
            };
            message.extend(kind.to_be_bytes());
            message.extend((INTERNET | TOP_BIT).to_be_bytes());
            message.extend(120u32.to_be_bytes());
            message.extend((data.len() as u16).to_be_bytes());
            message.extend(data);
        }
        message
    }

    fn write(&self, message: &mut Vec<u8>) {
        for label in self.labels() {
            // A UUID has 36 characters.
            message.push(label.len() as u8);
            message.extend(label.as_bytes());
        }
        message.push(0);
    }
}

/// The addresses that a message gives for a name; empty when it is no answer, or none to that.
pub fn addresses_in(message: &[u8], name: &LocalName) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    // What is cut off or malformed counts as far as it can be read.
    let _ = read(message, name, &mut addresses);
    addresses.truncate(MAX_ADDRESSES);
    addresses
}

fn read(message: &[u8], name: &LocalName, addresses: &mut Vec<IpAddr>) -> Option<()> {
    let header = message.get(..HEADER_BYTES)?;
    if header[2] & IS_ANSWER == 0 {
        return None;
    }
    let count = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let mut at = HEADER_BYTES;
    for _ in 0..count(4).min(MAX_RECORDS) {
        at = read_name(message, at)?.1 + 4;
    }
    let records = count(6) + count(8) + count(10);
    for _ in 0..records.min(MAX_RECORDS) {
        let (owner, after) = read_name(message, at)?;
        let fields: &[u8; 10] = message.get(after..)?.first_chunk()?;
        let kind = u16::from_be_bytes([fields[0], fields[1]]);
        let class = u16::from_be_bytes([fields[2], fields[3]]) & !TOP_BIT;
        let length = usize::from(u16::from_be_bytes([fields[8], fields[9]]));
        let data = message.get(after + fields.len()..)?.get(..length)?;
        at = after + fields.len() + length;
        if class == INTERNET && owner == name.labels().join(".") {
            addresses.extend(address(kind, data));
        }
    }
    Some(())
}

fn address(kind: u16, data: &[u8]) -> Option<IpAddr> {
    match kind {
        A => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into()),
        AAAA => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into()),
        _ => None,
    }
}

/// A name, in lower case with dots, and where what follows it begins.
fn read_name(message: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let (mut at, mut after) = (start, None);
    let mut pointers = 0;
    loop {
        let length = usize::from(*message.get(at)?);
        if length & 0xc0 == 0xc0 {
            // The rest stands elsewhere (RFC 1035, section 4.1.4).
            let low = usize::from(*message.get(at + 1)?);
            after = after.or(Some(at + 2));
            at = (length & 0x3f) << 8 | low;
            pointers += 1;
            if pointers > MAX_POINTERS {
                return None;
            }
            continue;
        }
        if length & 0xc0 != 0 {
            return None;
        }
        let label = message.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            return Some((name, after.unwrap_or(at)));
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(label).to_ascii_lowercase());
        if name.len() > MAX_NAME {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local";

    fn name() -> LocalName {
        LocalName::read(NAME).expect("a name")
    }

    fn both() -> [IpAddr; 2] {
        ["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()]
    }

    #[test]
    fn only_names_that_a_browser_makes_up_are_asked_for() {
        assert_eq!(LocalName::read(&NAME.to_ascii_uppercase()), None);
        let upper = NAME.replace("9b36eaac", "9B36EAAC");
        assert_eq!(LocalName::read(&upper), Some(name()));
        let others = [
            "printer.local",
            "9b36eaac-bb2e-49bb-bb78-21c41c499900.example.org",
            "9b36eaac-bb2e-49bb-bb78-21c41c499900",
            "9b36eaac-bb2e-49bb-bb78-21c41c49990.local",
            "9b36eaac-bb2e-49bb-bb78-21c41c49990g.local",
            "x.9b36eaac-bb2e-49bb-bb78-21c41c499900.local",
            ".local",
            "",
        ];
        for other in others {
            assert_eq!(LocalName::read(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_gives_the_addresses_of_both_kinds() {
        let answer = name().answer(&both());
        assert_eq!(addresses_in(&answer, &name()), both());
        let other = LocalName::read("00000000-0000-0000-0000-000000000000.local").unwrap();
        assert_eq!(addresses_in(&answer, &other), [] as [IpAddr; 0]);
    }

    #[test]
    fn names_that_point_to_others_are_followed_and_loops_are_left() {
        // The question stands first, as in answers to one socket alone (RFC 6762, section 6.7).
        let mut message = name().question();
        message[2] = IS_ANSWER;
        message[7] = 1;
        message.extend([0xc0, 12]);
        message.extend(A.to_be_bytes());
        message.extend(INTERNET.to_be_bytes());
        message.extend(10u32.to_be_bytes());
        message.extend([0, 4, 192, 0, 2, 7]);
        assert_eq!(addresses_in(&message, &name()), both()[..1]);
        let looping = message.len() - 16;
        message[looping + 1] = looping as u8;
        assert_eq!(addresses_in(&message, &name()), [] as [IpAddr; 0]);
    }

    #[test]
    fn a_question_is_no_answer() {
        assert_eq!(addresses_in(&name().question(), &name()), [] as [IpAddr; 0]);
    }

    #[test]
    fn an_answer_without_end_is_bounded() {
        let many = vec![both()[0]; 40];
        let addresses = addresses_in(&name().answer(&many), &name());
        assert_eq!(addresses.len(), MAX_ADDRESSES);
    }

    #[test]
    fn no_prefix_of_an_answer_and_no_changed_byte_does_harm() {
        let answer = name().answer(&both());
        for end in 0..answer.len() {
            addresses_in(&answer[..end], &name());
            for change in [0x01, 0x40, 0x80, 0xc0, 0xff] {
                let mut bytes = answer.clone();
                bytes[end] ^= change;
                addresses_in(&bytes, &name());
            }
        }
    }
}
