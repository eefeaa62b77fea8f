//! The fuzz targets on any toolchain: every seed of the corpus, and some thousands of mutations of
//! each, the same in every run.

#[path = "../fuzz/entries.rs"]
mod entries;

use std::fs;
use std::path::{Path, PathBuf};

/// Mutations of each seed: together a second or two.
const MUTATIONS: u64 = 3000;

/// A generator of numbers that are the same in every run: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to `end`, without it; 0 when there is nothing below it.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Bytes at which parsers stumble.
const STUMBLES: [&[u8]; 12] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\u0000",
    b"{",
    b"[[[[[[[[",
    b"9999999999999999999999",
    b"-",
    b"\xff",
    b"://",
    "é".as_bytes(),
];

fn mutate(seed: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let place = numbers.below(bytes.len());
        let end = (place + numbers.below(16)).min(bytes.len());
        match numbers.below(7) {
            0 if !bytes.is_empty() => bytes[place] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[place] = numbers.next() as u8,
            2 => drop(bytes.drain(place..end)),
            3 => bytes.truncate(place),
            4 => {
                let again = bytes[place..end].repeat(1 + numbers.below(40));
                bytes.splice(place..place, again);
            }
            5 => drop(bytes.splice(
                place..place,
                STUMBLES[numbers.below(STUMBLES.len())].iter().copied(),
            )),
            _ => {
                let from = numbers.below(other.len());
                bytes.truncate(place);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

fn drive(target: &str) {
    let (_, entry) = entries::ENTRIES
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let seeds = seeds(target);
    let mut numbers = Numbers(0x5eed);
    for (path, seed) in &seeds {
        entry(seed);
        for number in 0..MUTATIONS {
            let other = &seeds[numbers.below(seeds.len())].1;
            let mutated = mutate(seed, other, &mut numbers);
            let result = std::panic::catch_unwind(|| entry(&mutated));
            assert!(
                result.is_ok(),
                "mutation {number} of {}: {:?}",
                path.display(),
                mutated.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn an_invite_may_be_anything() {
    drive("invite");
}

#[test]
fn an_address_or_a_code_may_be_anything() {
    drive("address");
}

#[test]
fn a_message_may_be_anything() {
    drive("message");
}

#[test]
fn a_control_message_may_be_anything() {
    drive("control");
}

#[test]
fn a_message_of_the_chat_may_be_anything() {
    drive("chat");
}

#[test]
fn a_sealed_message_may_be_anything() {
    drive("sealed");
}

#[test]
fn an_event_stream_may_be_anything() {
    drive("stream");
}

#[test]
fn a_body_may_be_anything() {
    drive("body");
}

#[test]
fn every_entry_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    for (name, _) in entries::ENTRIES {
        assert!(folder.join(format!("{name}.rs")).exists(), "{name}");
    }
}
