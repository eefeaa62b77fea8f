//! What is fuzzed here: the answers to questions for names of the local network, which anybody on it can send. `fuzz/` drives this with
//! libFuzzer; the tests of `mdns` with every prefix and changed byte of good ones.

use std::hint::black_box;

use super::mdns::{LocalName, addresses_in};

/// A name, a zero byte, and a message that may answer to it; without the zero byte both.
pub fn local_name(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let name = parts.next().unwrap_or_default();
    let message = parts.next().unwrap_or(input);
    let known = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local";
    let read = LocalName::read(&String::from_utf8_lossy(name));
    for name in read.into_iter().chain(LocalName::read(known)) {
        black_box(addresses_in(message, &name));
    }
}
