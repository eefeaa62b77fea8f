//! The client against the real server, and against some that are not.

mod bad_servers;
mod meeting;
mod networks;
mod relay;
mod restarts;
mod support;
