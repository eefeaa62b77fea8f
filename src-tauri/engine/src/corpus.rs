//! The seeds of the fuzz targets, run on stable: as they are, and with changes made by chance. Test support, a leaf.

use std::path::{Path, PathBuf};

/// How much of a seed is changed.
#[derive(Clone, Copy)]
pub(crate) struct Changes {
    /// Changed copies of each seed; bounded so that a slow machine needs seconds.
    pub copies: u32,
    /// Most changes in one copy.
    pub edits: usize,
    /// Most bytes cut out or doubled at once.
    pub span: usize,
}

/// Where the seeds of a target are.
pub(crate) fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target)
}

/// Runs every seed of a target, and copies of it with bytes flipped, replaced, cut out and doubled.
pub(crate) fn run(target: &str, changes: Changes, entry: fn(&[u8])) {
    let mut seeds = 0;
    for file in std::fs::read_dir(folder(target)).unwrap() {
        let seed = std::fs::read(file.unwrap().path()).unwrap();
        seeds += 1;
        entry(&seed);
        let mut random = Random(0x9e37_79b9 ^ seed.len() as u32);
        for _ in 0..changes.copies {
            entry(&mutate(&seed, changes, &mut random));
        }
    }
    assert!(seeds > 0, "the corpus of {target} is empty");
}

/// A small generator (xorshift, Marsaglia 2003): the same changes everywhere.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % bound.max(1)
    }
}

fn mutate(seed: &[u8], changes: Changes, random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + random.below(changes.edits) {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(changes.span)).min(bytes.len());
        match random.below(5) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                drop(bytes.splice(to..to, copy));
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}
