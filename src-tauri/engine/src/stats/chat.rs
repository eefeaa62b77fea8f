//! What was written in the call, for the report.

use serde::Serialize;
use visio_protocol::ClockTime;

use crate::call::{CallState, RemarkShown};

/// What was written, and whose hand is raised.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChatReport {
    /// What was written, in the order in which it is shown.
    pub messages: Vec<MessageReport>,
    /// Whose hand is raised, first who raised it first; oneself included.
    pub hands: Vec<String>,
}

/// One message.
#[derive(Clone, Debug, Serialize)]
pub struct MessageReport {
    /// Who wrote it, as they called themselves.
    pub from: String,
    /// What.
    pub text: String,
    /// It was written here.
    pub own: bool,
    /// Who told it, when it was not its author.
    pub told_by: Option<String>,
    /// Who has not got it yet.
    pub waiting: Vec<String>,
}

impl ChatReport {
    /// As the call stands.
    pub fn of(state: &CallState) -> Self {
        let others = state.people.iter().map(|it| (it.hand, it.id, &it.name));
        let mut hands: Vec<(ClockTime, _, _)> = others
            .chain([(state.me.hand, state.me.id, &state.me.name)])
            .filter_map(|(hand, id, name)| Some((hand?, id, name.clone())))
            .collect();
        hands.sort_unstable();
        Self {
            messages: state
                .remarks()
                .into_iter()
                .map(MessageReport::from)
                .collect(),
            hands: hands.into_iter().map(|(_, _, name)| name).collect(),
        }
    }
}

impl From<RemarkShown> for MessageReport {
    fn from(remark: RemarkShown) -> Self {
        Self {
            from: remark.name,
            text: remark.text.to_string(),
            own: remark.own,
            told_by: remark.told_by,
            waiting: remark.waiting,
        }
    }
}
