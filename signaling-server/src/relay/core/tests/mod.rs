//! The core as clients and peers see it, in virtual time.

mod allocating;
mod chance;
mod channels;
mod credentials;
mod permissions;
mod quotas;
mod relaying;
mod world;
