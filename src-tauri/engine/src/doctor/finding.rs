//! What came of a look. Plain values.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::call::Trouble;

/// What is looked at, in the order in which people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Does the camera give pictures?
    Camera,
    /// Does the microphone hear anything?
    Microphone,
    /// Does the speaker play?
    Speaker,
    /// Is the server there, is it who it says, and does its clock agree with ours?
    Server,
    /// Do datagrams get there and back? Calls are best over those.
    Udp,
    /// Does the server tell from which address we come? A direct way to somebody else begins there.
    Stun,
    /// Does the relay relay, over UDP?
    RelayUdp,
    /// And over TCP, where a network lets no UDP through?
    RelayTcp,
    /// And over TLS, where it lets nothing but the web through?
    RelayTls,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Camera,
        Self::Microphone,
        Self::Speaker,
        Self::Server,
        Self::Udp,
        Self::Stun,
        Self::RelayUdp,
        Self::RelayTcp,
        Self::RelayTls,
    ];

    /// The ways by which pictures and voices can travel with the server's help.
    pub(super) const WAYS: [Self; 5] = [
        Self::Udp,
        Self::Stun,
        Self::RelayUdp,
        Self::RelayTcp,
        Self::RelayTls,
    ];

    /// The key of what people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Camera => "device.camera",
            Self::Microphone => "device.microphone",
            Self::Speaker => "device.speaker",
            Self::Server => "doctor.server",
            Self::Udp => "doctor.udp",
            Self::Stun => "doctor.stun",
            Self::RelayUdp => "doctor.relayUdp",
            Self::RelayTcp => "doctor.relayTcp",
            Self::RelayTls => "doctor.relayTls",
        }
    }
}

/// How good or bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It could be better, and calls are possible all the same.
    Weak,
    /// This stands in the way of a call.
    Bad,
    /// It was not looked at.
    Skipped,
}

/// What came of one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How good or bad it is.
    pub verdict: Verdict,
    /// The key, in `ui/i18n/*.json`, of the sentence that says what is so and what to do.
    pub words: String,
    /// What the sentence names: `{name}` and the like.
    pub fill: BTreeMap<String, String>,
}

impl Finding {
    pub(super) fn new(check: Check, verdict: Verdict, words: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            words: words.into(),
            fill: BTreeMap::new(),
        }
    }

    /// What a call would say of the same trouble.
    pub(super) fn trouble(check: Check, verdict: Verdict, trouble: &Trouble) -> Self {
        let finding = Self::new(check, verdict, format!("trouble.{}", trouble.kind()));
        let fields = serde_json::to_value(trouble).unwrap_or_default();
        let fields = fields.as_object().into_iter().flatten();
        fields.fold(finding, |finding, (name, value)| {
            let text = value.as_str().map(str::to_owned);
            finding.with(name, text.unwrap_or_else(|| value.to_string()))
        })
    }

    /// Names something in the sentence.
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.fill.insert(name.to_owned(), value.to_string());
        self
    }
}
