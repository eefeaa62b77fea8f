//! The other side's session description, checked before it is applied.
//!
//! webrtc-rs applies a description section by section, and one that is refused halfway leaves the
//! connection half changed. So what a description of ours always holds is made sure of first, and
//! the text that reaches the library holds nothing else of consequence: candidates are taken out and
//! go the way of those that are trickled.
//!
//! Pure, some microseconds.

use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::sdp::SessionDescription;
use rtc::sdp::description::media::MediaDescription;

use super::error::LinkError;
use super::lines::SECTIONS;

/// A description of ours is about 5 KiB, a browser's with many candidates 20.
const MAX_BYTES: usize = 64 * 1024;

/// A description that can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    /// The text, without candidates.
    pub sdp: String,
    /// The `mid` of each section, in order.
    pub mids: Vec<String>,
    /// Which ICE session it begins or continues.
    pub ufrag: String,
    /// The candidates that stood in the text.
    pub candidates: Vec<String>,
}

impl Description {
    /// Reads a description that has the sections of every call: see [`SECTIONS`].
    pub fn read(sdp: &str) -> Result<Self, LinkError> {
        let refused = LinkError::Description;
        if sdp.len() > MAX_BYTES {
            return Err(refused("longer than 64 KiB"));
        }
        let (candidates, lines): (Vec<&str>, Vec<&str>) = sdp
            .lines()
            .map(str::trim_end)
            .partition(|line| line.starts_with("a=candidate:"));
        let sdp = lines.join("\r\n") + "\r\n";
        let parsed = parse(&sdp)?;

        let kinds = parsed
            .media_descriptions
            .iter()
            .map(|m| m.media_name.media.as_str());
        if !kinds.eq(SECTIONS) {
            return Err(refused("not the sections of a call"));
        }
        let mids: Vec<String> = parsed
            .media_descriptions
            .iter()
            .map(|media| value(media, "mid").unwrap_or_default().to_owned())
            .collect();
        let distinct = (1..mids.len()).all(|n| !mids[..n].contains(&mids[n]));
        if mids.iter().any(String::is_empty) || !distinct {
            return Err(refused("sections without a name of their own"));
        }
        let anywhere = |key| attribute(&parsed, key).ok_or(refused("no ICE or DTLS identity"));
        anywhere("fingerprint")?;
        anywhere("ice-pwd")?;
        let ufrag = anywhere("ice-ufrag")?;
        Ok(Self {
            sdp,
            mids,
            ufrag,
            candidates: candidates
                .iter()
                .map(|line| line["a=".len()..].to_owned())
                .collect(),
        })
    }
}

/// The ICE user fragment of a description of ours.
pub(super) fn ufrag(sdp: &str) -> Option<String> {
    let line = sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))?;
    Some(line.trim_end().to_owned())
}

fn parse(sdp: &str) -> Result<SessionDescription, LinkError> {
    // The type is of no consequence here: it only decides how the text is applied.
    RTCSessionDescription::offer(sdp.to_owned())
        .and_then(|description| description.unmarshal())
        .map_err(|_| LinkError::Description("not a session description"))
}

/// The attribute's value, of the session or of the first section that has it.
fn attribute(parsed: &SessionDescription, key: &str) -> Option<String> {
    let session = parsed.attribute(key).map(String::as_str);
    let section = || {
        parsed
            .media_descriptions
            .iter()
            .find_map(|media| value(media, key))
    };
    session
        .or_else(section)
        .filter(|v| !v.is_empty())
        .map(str::to_owned)
}

fn value<'a>(media: &'a MediaDescription, key: &str) -> Option<&'a str> {
    media.attribute(key).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp() -> String {
        let mut text = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned();
        text += "a=fingerprint:sha-256 AA:BB\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n";
        for (n, kind) in SECTIONS.iter().enumerate() {
            text += &format!("m={kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{n}\r\n");
        }
        text
    }

    #[test]
    fn a_description_of_a_call_is_read() {
        let description = Description::read(&sdp()).expect("a description");
        assert_eq!(description.ufrag, "abcd");
        assert_eq!(description.mids, ["0", "1", "2", "3", "4"]);
        assert_eq!(ufrag(&sdp()).as_deref(), Some("abcd"));
    }

    #[test]
    fn candidates_in_the_text_are_taken_out() {
        let text = sdp() + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        let description = Description::read(&text).expect("a description");
        assert_eq!(
            description.candidates,
            ["candidate:1 1 udp 1 192.0.2.1 9 typ host"]
        );
        assert!(!description.sdp.contains("candidate"));
    }

    #[test]
    fn what_is_no_description_of_a_call_is_refused() {
        let cases = [
            String::new(),
            "hello".to_owned(),
            "v=0\r\n".to_owned(),
            "\u{0}\u{ffff}".repeat(40),
            "a=mid:0\r\n".repeat(10_000),
            sdp().replace("a=ice-ufrag:abcd\r\n", ""),
            sdp().replace("a=fingerprint:sha-256 AA:BB\r\n", ""),
            sdp().replace("a=mid:3", "a=mid:2"),
            sdp().replace("a=mid:3\r\n", ""),
            sdp().replacen("m=audio", "m=video", 1),
            sdp() + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:9\r\n",
        ];
        for case in cases {
            let refusal = Description::read(&case);
            assert!(
                matches!(refusal, Err(LinkError::Description(_))),
                "{case:?}"
            );
        }
    }

    #[test]
    fn no_prefix_of_a_description_and_no_flipped_byte_does_harm() {
        let text = sdp();
        for end in 0..text.len() {
            let _ = Description::read(&text[..end]);
            let mut bytes = text.clone().into_bytes();
            bytes[end] ^= 0x15;
            let _ = Description::read(&String::from_utf8_lossy(&bytes));
        }
    }
}
