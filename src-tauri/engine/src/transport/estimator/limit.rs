//! What holds an estimate where it is.

use serde::Serialize;

/// Why no more may be sent, as far as the network can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// Nothing: all that is wanted may be sent.
    Nothing,
    /// Nobody knows yet: the path is still being explored.
    Exploring,
    /// A queue on the way: what is sent has reached what the path carries.
    Delay,
    /// Packets are lost as soon as more is sent.
    Loss,
    /// Somebody else's traffic fills the path; we hold our share.
    Competition,
    /// The other side says nothing: the path may be away.
    Silence,
}
