//! Bytes and times in, decisions out: no clock and no socket in this room.
