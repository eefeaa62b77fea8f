//! Candidates: the addresses that two sides try to reach each other at.
//!
//! Foreign text, checked before ICE sees it. A candidate names, by `ufrag`, the description it
//! belongs to (RFC 8839, section 5.4 has it in the description; browsers repeat it here), so one that
//! overtakes its description is kept until that arrives instead of being tried in vain.
//!
//! Pure.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::error::LinkError;
use crate::network::LocalName;

/// A candidate is some hundred characters long.
const MAX_BYTES: usize = 1024;

/// Candidates that may wait for their description, the oldest given up first: a machine has about
/// a dozen, on each of which there may be a reflexive and a relayed one.
const MAX_WAITING: usize = 48;

/// Candidates used per description: each is tried from every socket of ours.
const MAX_USED: usize = 64;

/// Where the address stands among the words of a candidate (RFC 8839, section 5.1).
const ADDRESS_WORD: usize = 4;

/// Names of the local network that are asked for at a time, by one connection; a browser makes one
/// up for each of its addresses.
pub(super) const MAX_NAMES: usize = 8;

/// A candidate worth trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// As in an `a=candidate` line, without the `a=`.
    pub text: String,
    /// The description it belongs to, if it says so.
    pub ufrag: Option<String>,
}

impl Candidate {
    /// Reads a candidate of the other side. `Ok(None)` is one that is well-formed and of no use
    /// here: TCP, a name of the local network (which first has to be asked for, see [`local_name`]), an
    /// address nobody has, the end of candidates.
    pub fn read(text: &str, loopback: bool) -> Result<Option<Self>, LinkError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > MAX_BYTES {
            return Err(LinkError::Candidate("longer than 1 KiB"));
        }
        let body = text
            .strip_prefix("candidate:")
            .ok_or(LinkError::Candidate("does not begin with candidate:"))?;
        let words: Vec<&str> = body.split_ascii_whitespace().collect();
        let [
            _foundation,
            component,
            transport,
            priority,
            address,
            port,
            "typ",
            kind,
            ..,
        ] = words.as_slice()
        else {
            return Err(LinkError::Candidate("too short"));
        };
        let malformed = |_| LinkError::Candidate("a number that is none");
        component.parse::<u16>().map_err(malformed)?;
        priority.parse::<u32>().map_err(malformed)?;
        let port = port.parse::<u16>().map_err(malformed)?;
        if !matches!(*kind, "host" | "srflx" | "prflx" | "relay") {
            return Err(LinkError::Candidate("of an unknown type"));
        }
        if !transport.eq_ignore_ascii_case("udp") || address.ends_with(".local") {
            return Ok(None);
        }
        let ip: IpAddr = address
            .parse()
            .map_err(|_| LinkError::Candidate("an address that is none"))?;
        if port == 0 || !is_plausible(ip, loopback) {
            return Ok(None);
        }
        let ufrag = words[8..]
            .windows(2)
            .find(|pair| pair[0] == "ufrag")
            .map(|pair| pair[1].to_owned());
        Ok(Some(Self {
            text: text.to_owned(),
            ufrag,
        }))
    }
}

/// The name behind which a candidate hides its address, as browsers do of people who have not
/// allowed a page their camera.
pub(super) fn local_name(text: &str) -> Option<LocalName> {
    if text.len() > MAX_BYTES {
        return None;
    }
    LocalName::read(text.split_ascii_whitespace().nth(ADDRESS_WORD)?)
}

/// The same candidate with an address in place of its name.
pub(super) fn with_address(text: &str, ip: IpAddr) -> String {
    let mut words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if let Some(address) = words.get_mut(ADDRESS_WORD) {
        *address = ip.to_string();
    }
    words.join(" ")
}

/// Whether a peer can be there: not a group, not nobody, not this very machine unless that is meant.
fn is_plausible(ip: IpAddr, loopback: bool) -> bool {
    let nobody = ip.is_unspecified() || ip.is_multicast();
    let everybody = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !nobody && !everybody && (loopback || !ip.is_loopback())
}

/// Our own candidates, held back while a description is being made: only then is it known which one
/// they belong to, and they should not overtake it.
#[derive(Debug, Default)]
pub(super) struct LocalCandidates {
    ufrag: String,
    held: Option<Vec<String>>,
}

impl LocalCandidates {
    /// A description is being made.
    pub fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// It is made (or, without a `ufrag`, was not): returns what was held back.
    pub fn release(&mut self, ufrag: Option<String>) -> Vec<String> {
        self.ufrag = ufrag.unwrap_or(std::mem::take(&mut self.ufrag));
        let held = self.held.take().unwrap_or_default();
        held.iter().map(|text| self.named(text)).collect()
    }

    /// A candidate was found: returns it if it may be sent now.
    pub fn found(&mut self, text: String, loopback: bool) -> Option<String> {
        if !matches!(Candidate::read(&text, loopback), Ok(Some(_))) {
            return None;
        }
        match &mut self.held {
            Some(held) if held.len() < MAX_USED => {
                held.push(text);
                None
            }
            Some(_) => None,
            None => Some(self.named(&text)),
        }
    }

    fn named(&self, text: &str) -> String {
        format!("{text} ufrag {}", self.ufrag)
    }
}

/// The candidates of a restart that is offered but not begun are of the path before it.
pub(super) fn without_candidates(sdp: &str) -> String {
    let is_candidate =
        |line: &str| line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates");
    let lines = sdp.split_inclusive('\n');
    lines.filter(|line| !is_candidate(line)).collect()
}

/// The other side's candidates, sorted by whether their description is there yet.
#[derive(Debug, Default)]
pub(super) struct RemoteCandidates {
    ufrag: Option<String>,
    used: usize,
    waiting: VecDeque<Candidate>,
}

impl RemoteCandidates {
    /// A candidate arrived: returns it if it can be used now, else keeps it for its description.
    pub fn arrived(&mut self, candidate: Candidate) -> Option<Candidate> {
        if self.fits(&candidate) {
            self.used += 1;
            return (self.used <= MAX_USED).then_some(candidate);
        }
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(candidate);
        None
    }

    /// A description was applied: returns those that waited for it, forgets those of earlier ones.
    pub fn described(&mut self, ufrag: &str) -> Vec<Candidate> {
        if self.ufrag.as_deref() != Some(ufrag) {
            self.ufrag = Some(ufrag.to_owned());
            self.used = 0;
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting
            .into_iter()
            .filter_map(|c| {
                let fits = self.fits(&c);
                self.used += usize::from(fits);
                (fits && self.used <= MAX_USED).then_some(c)
            })
            .collect()
    }

    /// Whether this is the description that was applied last.
    pub fn is_current(&self, ufrag: &str) -> bool {
        self.ufrag.as_deref() == Some(ufrag)
    }

    fn fits(&self, candidate: &Candidate) -> bool {
        match (&self.ufrag, &candidate.ufrag) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(current), Some(named)) => current == named,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "candidate:1 1 udp 2130706431 192.168.1.7 50000 typ host";

    fn named(n: usize, ufrag: &str) -> Candidate {
        let text = format!("candidate:{n} 1 udp 1 192.168.1.7 {} typ host", 1000 + n);
        let text = format!("{text} ufrag {ufrag}");
        Candidate::read(&text, false)
            .expect("well-formed")
            .expect("useful")
    }

    #[test]
    fn a_candidate_says_which_description_it_belongs_to() {
        let candidate = named(1, "abcd");
        assert_eq!(candidate.ufrag.as_deref(), Some("abcd"));
        let plain = Candidate::read(HOST, false)
            .expect("well-formed")
            .expect("useful");
        assert_eq!(plain.ufrag, None);
    }

    #[test]
    fn candidates_that_lead_nowhere_are_ignored_and_malformed_ones_refused() {
        let useless = [
            "",
            "candidate:1 1 tcp 1 192.168.1.7 9 typ host tcptype active",
            "candidate:1 1 udp 1 3f5c-11.local 50000 typ host",
            "candidate:1 1 udp 1 0.0.0.0 50000 typ host",
            "candidate:1 1 udp 1 224.0.0.251 5353 typ host",
            "candidate:1 1 udp 1 255.255.255.255 9 typ host",
            "candidate:1 1 udp 1 127.0.0.1 631 typ host",
            "candidate:1 1 udp 1 192.168.1.7 0 typ host",
        ];
        for text in useless {
            assert_eq!(Candidate::read(text, false), Ok(None), "{text}");
        }
        let long = format!("{HOST} {}", "x".repeat(2000));
        let malformed = [
            "a=candidate:1 1 udp 1 192.168.1.7 50000 typ host",
            "candidate:1 1 udp 1 192.168.1.7",
            "candidate:1 1 udp 1 192.168.1.7 70000 typ host",
            "candidate:1 1 udp x 192.168.1.7 50000 typ host",
            "candidate:1 1 udp 1 example.org 50000 typ host",
            "candidate:1 1 udp 1 192.168.1.7 50000 typ ghost",
            long.as_str(),
        ];
        for text in malformed {
            assert!(Candidate::read(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn a_candidate_with_a_name_becomes_one_with_an_address() {
        let name = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local";
        let hidden = HOST.replace("192.168.1.7", name) + " ufrag abcd";
        assert_eq!(Candidate::read(&hidden, false), Ok(None));
        assert_eq!(local_name(&hidden), LocalName::read(name));
        let found = with_address(&hidden, "192.168.1.7".parse().unwrap());
        let candidate = Candidate::read(&found, false).expect("well-formed");
        assert_eq!(candidate.expect("useful").ufrag.as_deref(), Some("abcd"));
        for other in [HOST, "", "candidate:1 1 udp 1 printer.local 9 typ host"] {
            assert_eq!(local_name(other), None, "{other}");
        }
    }

    #[test]
    fn candidates_that_overtake_their_description_wait_for_it() {
        let mut remote = RemoteCandidates::default();
        assert_eq!(remote.arrived(named(1, "one")), None);
        assert_eq!(remote.described("one"), [named(1, "one")]);
        assert_eq!(remote.arrived(named(2, "one")), Some(named(2, "one")));
        assert_eq!(
            remote.arrived(named(3, "two")),
            None,
            "of a restart to come"
        );
        assert_eq!(remote.described("two"), [named(3, "two")]);
        assert_eq!(remote.arrived(named(4, "one")), None, "of the past");
        assert_eq!(remote.described("three"), []);
    }

    #[test]
    fn our_candidates_follow_their_description_and_name_it() {
        let mut local = LocalCandidates::default();
        local.hold();
        assert_eq!(local.found(HOST.to_owned(), false), None);
        assert_eq!(
            local.release(Some("one".to_owned())),
            [format!("{HOST} ufrag one")]
        );
        let found = local.found(HOST.to_owned(), false);
        assert_eq!(found, Some(format!("{HOST} ufrag one")));
        let nobody = HOST.replace("192.168.1.7", "0.0.0.0");
        assert_eq!(local.found(nobody, false), None, "no one can dial that");
        local.hold();
        assert_eq!(local.found(HOST.to_owned(), false), None);
        assert_eq!(
            local.release(None),
            [format!("{HOST} ufrag one")],
            "nothing new was made"
        );
    }

    #[test]
    fn a_flood_of_candidates_is_bounded() {
        let mut remote = RemoteCandidates::default();
        for n in 0..1000 {
            remote.arrived(named(n, "one"));
        }
        assert_eq!(remote.described("one").len(), MAX_WAITING);
        let used = (0..1000)
            .filter_map(|n| remote.arrived(named(n, "one")))
            .count();
        assert_eq!(MAX_WAITING + used, MAX_USED);
    }
}
