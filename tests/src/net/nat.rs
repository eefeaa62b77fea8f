//! What a router does to the addresses of those behind it. The kinds are those of RFC 4787.

use super::Namespace;
use crate::Result;

/// The router's interface to those behind it, and the one to the internet.
pub(super) const INSIDE: &str = "lan";
pub(super) const OUTSIDE: &str = "wan";

/// What a router does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// It passes everything on as it is.
    None,
    /// One port outside for each inside, which anybody may write to.
    FullCone,
    /// One port outside for each inside; it lets in only those whom the one inside has written to.
    PortRestricted,
    /// Another port outside for each destination, at random; only the destination may answer. Defeats hole punching when
    /// both sides are like this.
    Symmetric,
    /// Nothing but TCP passes.
    UdpBlocked,
    /// Nothing but TCP to the web's encrypted port passes.
    WebOnly,
}

impl Nat {
    /// Makes the namespace `router` do it for `host`, an address behind it.
    pub(super) fn set_up(self, router: &Namespace, host: &str) -> Result<()> {
        router.inside(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1"))??;
        if self == Self::None {
            return Ok(());
        }
        let rule = |rule: String| {
            let words: Vec<&str> = rule.split_whitespace().collect();
            router.run("iptables", &[&["-w"], &words[..]].concat())
        };
        // An unasked packet must leave no trace: its connection entry would take the port that the host behind is about to
        // get, and hole punching would fail now and then. Entries of dropped packets are never confirmed.
        rule(format!("-A INPUT -i {OUTSIDE} -p udp -j DROP"))?;
        let random = if self == Self::Symmetric {
            "--random-fully"
        } else {
            ""
        };
        rule(format!(
            "-t nat -A POSTROUTING -o {OUTSIDE} -j MASQUERADE {random}"
        ))?;
        if self == Self::FullCone {
            rule(format!(
                "-t nat -A PREROUTING -i {OUTSIDE} -p udp -j DNAT --to-destination {host}"
            ))?;
        } else {
            rule(format!(
                "-A FORWARD -i {OUTSIDE} -m conntrack --ctstate NEW,INVALID -j DROP"
            ))?;
        }
        if matches!(self, Self::UdpBlocked | Self::WebOnly) {
            rule("-A FORWARD -p udp -j DROP".to_owned())?;
        }
        if self == Self::WebOnly {
            rule(format!(
                "-A FORWARD -i {INSIDE} -p tcp ! --dport 443 -j DROP"
            ))?;
        }
        // Private addresses lead nowhere on the internet.
        rule(format!("-A FORWARD -i {INSIDE} -d 10.0.0.0/8 -j DROP"))
    }
}
