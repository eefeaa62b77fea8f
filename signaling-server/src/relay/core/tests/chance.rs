//! Whatever clients and peers do in whatever order, nothing panics and nothing grows without bound.

use super::super::Outcome;
use super::world::*;
use crate::relay::fuzzing::{Numbers, drive};

/// Inputs made of chance alone.
const INPUTS: u64 = 200;

#[test]
fn no_sequence_of_packets_and_times_breaks_a_bound() {
    for seed in 1..=INPUTS {
        let mut numbers = Numbers::new(seed);
        let input: Vec<u8> = (0..3000).map(|_| numbers.draw() as u8).collect();
        drive(&input);
    }
}

#[test]
fn no_answer_is_so_long_that_strangers_could_use_it_against_others() {
    let mut world = World::new();
    let mut numbers = Numbers::new(1);
    let anna = Person::new("anna", "192.0.2.1:1000");
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..20 + numbers.below(60))
            .map(|_| numbers.draw() as u8)
            .collect();
        bytes[..2].copy_from_slice(&[[0, 1], [0, 3], [0, 4], [0, 8]][numbers.below(4)]);
        bytes.truncate(bytes.len() & !3);
        let length = (bytes.len() - 20) as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        let (outcome, packet) = world.hand(anna.client, &bytes);
        if outcome != Outcome::Nothing {
            assert!(
                packet.as_bytes().len() <= 200,
                "{}",
                packet.as_bytes().len()
            );
        }
    }
}
