//! One thing that somebody wrote.

use serde::Serialize;
use visio_protocol::chat::{ChatMessage, Said, Told};
use visio_protocol::{ChatText, ClockTime, MessageId, PersonId, PersonName};

/// One thing that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Chosen by its author.
    pub id: MessageId,
    /// Who wrote it.
    pub author: PersonId,
    /// As they called themselves then.
    pub name: String,
    /// When, as they say.
    pub at: ClockTime,
    /// What.
    pub text: ChatText,
    /// How we know.
    pub source: Source,
    /// Of a remark of mine: who was here when I wrote it, and has not got it yet.
    pub waiting: Vec<PersonId>,
}

/// How a remark is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// I wrote it.
    Mine,
    /// Its author said it to me.
    Author,
    /// Somebody else told it.
    Teller {
        /// Who.
        id: PersonId,
        /// As they called themselves then.
        name: String,
    },
}

/// A remark as the window shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemarkShown {
    /// Chosen by its author.
    pub id: MessageId,
    /// Who wrote it.
    pub author: PersonId,
    /// As they called themselves then.
    pub name: String,
    /// Milliseconds since 1970.
    pub at: ClockTime,
    /// What.
    pub text: ChatText,
    /// I wrote it.
    pub own: bool,
    /// Who told it, when it was not its author.
    pub told_by: Option<String>,
    /// The names of those who have not got it yet.
    pub waiting: Vec<String>,
}

impl Remark {
    /// To whose share of what is kept it counts.
    pub(super) fn contributor(&self) -> PersonId {
        match &self.source {
            Source::Mine | Source::Author => self.author,
            Source::Teller { id, .. } => *id,
        }
    }

    /// As I pass it on.
    pub(in crate::call) fn message(&self) -> ChatMessage {
        if self.source == Source::Mine {
            return ChatMessage::say(Said {
                id: self.id,
                at: self.at,
                text: self.text.clone(),
            });
        }
        ChatMessage::told(Told {
            person: self.author,
            name: PersonName::new(&self.name),
            id: self.id,
            at: self.at,
            text: self.text.clone(),
        })
    }

    /// As it is shown to the person `me`; `name_of` knows those who are here.
    pub(in crate::call) fn shown(
        &self,
        me: PersonId,
        name_of: impl Fn(PersonId) -> Option<String>,
    ) -> RemarkShown {
        RemarkShown {
            id: self.id,
            author: self.author,
            name: self.name.clone(),
            at: self.at,
            text: self.text.clone(),
            own: self.author == me,
            told_by: match &self.source {
                Source::Mine | Source::Author => None,
                Source::Teller { name, .. } => Some(name.clone()),
            },
            waiting: self.waiting.iter().filter_map(|id| name_of(*id)).collect(),
        }
    }
}
