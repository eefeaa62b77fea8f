//! The doctor: why a call can't be had, or that nothing stands in its way.
//!
//! It looks at what a call needs, as a call uses it: it opens the camera, the microphone and the speaker, asks the server who
//! it is, and sends something through its relay by each way. Each look ends in one [`Finding`], which names the sentence that
//! a person reads: what is so, and what to do.
//!
//! Tasks of the caller's runtime, beside the devices' own threads; nothing is left behind when it is done. With everything in
//! order it takes three seconds, and half a minute at the most.
//!
//! ```text
//! finding      what came of a look, and the sentence for it       conclusion   what all of them mean together: pure
//! devices      camera, microphone, speaker                       network      server, UDP, STUN, relay
//! examination  all of it at once
//! ```

mod conclusion;
mod devices;
mod examination;
mod finding;
mod network;

pub use conclusion::conclude;
pub use examination::{Examined, examine};
pub use finding::{Check, Finding, Verdict};
