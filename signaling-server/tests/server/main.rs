//! The server over real HTTP on loopback: in this process where it can be, as the real program
//! where it must be.

mod certificate;
mod commands;
mod disk;
mod encrypted;
mod hostile;
mod limits;
mod metrics;
mod page;
mod process;
mod program;
mod relay;
mod rooms;
mod streams;
mod support;
mod turn_client;
