//! What keeps somebody's picture from being better, as far as all that is known of it tells.
//!
//! Whoever sends a picture knows that a way is narrow, and whether all their ways are; whoever receives knows who else is
//! narrow on the way here. Only both together tell one line from the other. Pure.

use serde::Serialize;
use visio_protocol::control::Limited;

use super::person::Person;

/// What limits one person's picture here, now. The UI's words stand under `people.limit.KIND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LimitedBy {
    /// Nothing.
    Nothing,
    /// Their line, upwards: whoever they send to gets less.
    TheirUplink,
    /// Our line, downwards: whoever sends to us comes through with less.
    YourDownlink,
    /// The way between us, and nobody can tell which end of it.
    Path,
    /// The relay in between.
    Relay,
    /// Their computer.
    TheirMachine,
    /// This computer.
    ThisMachine,
}

impl LimitedBy {
    /// As the report says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::TheirUplink => "their_uplink",
            Self::YourDownlink => "your_downlink",
            Self::Path => "path",
            Self::Relay => "relay",
            Self::TheirMachine => "their_machine",
            Self::ThisMachine => "this_machine",
        }
    }
}

/// Judges what limits each of these people's pictures; `slow` when this computer does not keep up with sending.
pub(super) fn judge(people: &mut [Person], slow: bool) {
    let narrow = || people.iter().filter(|person| narrow_to_us(person));
    // Each of several who send to us is held up, and one of them only on the way here: what they share is our line, or the
    // relay that all of it goes through.
    let all = people.iter().filter(|person| sends(person)).count();
    let shared = all > 1
        && narrow().count() == all
        && narrow().any(|person| person.limited == Limited::Path);
    let relayed = narrow().all(on_relay);
    for person in people {
        person.limited_by = sends(person).then(|| match person.limited {
            _ if person.behind => LimitedBy::ThisMachine,
            Limited::Machine => LimitedBy::TheirMachine,
            Limited::Path | Limited::Uplink if shared && relayed => LimitedBy::Relay,
            Limited::Path | Limited::Uplink if shared => LimitedBy::YourDownlink,
            Limited::Uplink => LimitedBy::TheirUplink,
            Limited::Path if on_relay(person) => LimitedBy::Relay,
            Limited::Path => LimitedBy::Path,
            // What is sent is all that was asked for; it is shown by a computer that is at its limit.
            Limited::Nothing | Limited::Unknown if slow => LimitedBy::ThisMachine,
            Limited::Nothing | Limited::Unknown => LimitedBy::Nothing,
        });
    }
}

/// Whether a picture of theirs is to be expected here.
fn sends(person: &Person) -> bool {
    person.linked() && !person.camera_off && person.shown.is_some()
}

fn narrow_to_us(person: &Person) -> bool {
    sends(person) && matches!(person.limited, Limited::Path | Limited::Uplink)
}

fn on_relay(person: &Person) -> bool {
    person.path.path == Some("relay")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::person::Connection;
    use std::time::Instant;
    use visio_protocol::{PersonId, Role, SessionId};

    fn people(limited: &[Limited]) -> Vec<Person> {
        let person = |limited: &Limited| {
            let mut person = Person::new(
                PersonId::random(),
                SessionId::from_bytes([7; 16]),
                Role::Calling,
                Some(720),
                Instant::now(),
            );
            person.connection = Connection::Connected;
            person.limited = *limited;
            person
        };
        limited.iter().map(person).collect()
    }

    fn judged(mut people: Vec<Person>, slow: bool) -> Vec<Option<LimitedBy>> {
        judge(&mut people, slow);
        people.iter().map(|person| person.limited_by).collect()
    }

    fn of(limited: &[Limited]) -> Vec<LimitedBy> {
        let judged = judged(people(limited), false);
        judged.into_iter().flatten().collect()
    }

    #[test]
    fn whoever_is_narrow_to_everybody_has_a_weak_line() {
        assert_eq!(
            of(&[Limited::Uplink, Limited::Nothing]),
            [LimitedBy::TheirUplink, LimitedBy::Nothing]
        );
        assert_eq!(
            of(&[Limited::Uplink, Limited::Uplink]),
            [LimitedBy::TheirUplink; 2]
        );
        assert_eq!(of(&[Limited::Uplink]), [LimitedBy::TheirUplink]);
    }

    #[test]
    fn when_everybody_comes_through_with_less_it_is_our_own_line() {
        assert_eq!(
            of(&[Limited::Path, Limited::Path, Limited::Uplink]),
            [LimitedBy::YourDownlink; 3]
        );
    }

    #[test]
    fn where_one_way_alone_is_narrow_nobody_can_tell_which_end_of_it() {
        assert_eq!(of(&[Limited::Path]), [LimitedBy::Path]);
        assert_eq!(
            of(&[Limited::Path, Limited::Nothing]),
            [LimitedBy::Path, LimitedBy::Nothing]
        );
    }

    #[test]
    fn a_relay_is_named_unless_a_direct_way_is_as_narrow() {
        let mut two = people(&[Limited::Path, Limited::Path]);
        two[0].path.path = Some("relay");
        two[1].path.path = Some("direct");
        assert_eq!(
            judged(two.clone(), false),
            [Some(LimitedBy::YourDownlink); 2]
        );
        two[1].path.path = Some("relay");
        assert_eq!(judged(two.clone(), false), [Some(LimitedBy::Relay); 2]);
        two.truncate(1);
        assert_eq!(judged(two, false), [Some(LimitedBy::Relay)]);
    }

    #[test]
    fn computers_at_their_limit_are_named() {
        assert_eq!(of(&[Limited::Machine]), [LimitedBy::TheirMachine]);
        let mut two = people(&[Limited::Nothing, Limited::Path]);
        assert_eq!(
            judged(two.clone(), true),
            [Some(LimitedBy::ThisMachine), Some(LimitedBy::Path)]
        );
        two[1].behind = true;
        assert_eq!(
            judged(two, false),
            [Some(LimitedBy::Nothing), Some(LimitedBy::ThisMachine)]
        );
        assert_eq!(of(&[Limited::Unknown]), [LimitedBy::Nothing]);
    }

    #[test]
    fn of_whoever_sends_no_picture_nothing_is_said_and_they_do_not_count() {
        let mut three = people(&[Limited::Path, Limited::Path, Limited::Nothing]);
        three[1].camera_off = true;
        three[2].shown = None;
        assert_eq!(judged(three, true), [Some(LimitedBy::Path), None, None]);
    }
}
