//! Frames into the window: decoded pictures from the engine to the page that draws them.
//!
//! A loopback WebSocket ([`server`]) carries tile-sized I420. The page says which tiles it shows and how large
//! ([`page_words`]), acknowledges each frame once it is drawn, and is then sent the newest one ([`outbox`]): a page that
//! draws slowly gets fewer frames, never older ones. [`pull`] offers the same frames by a custom scheme, for a webview
//! whose WebSocket doesn't work.
//!
//! What the page says it shows is also what the people in the tiles are asked for ([`shown`]).
//!
//! Thread: the server has one of its own, so that scaling never delays the call's network. Latency: one scale and one
//! loopback write, 1 to 3 ms for a 720p tile.

pub mod drawn;
pub mod message;
pub mod outbox;
pub mod page_words;
pub mod pictures;
pub mod pull;
pub mod server;
pub mod shown;
pub mod tile;
