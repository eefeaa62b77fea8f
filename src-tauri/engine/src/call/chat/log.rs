//! All that was written and is kept, in order and within bounds.

use std::collections::HashMap;

use visio_protocol::PersonId;
use visio_protocol::chat::MAX_KEPT;

use super::remark::{Remark, Source};

/// The most text that is kept, in bytes. When there is more, or more remarks than [`MAX_KEPT`], whoever contributed most loses
/// their oldest: a flood washes away itself, and nobody else's words.
const MAX_BYTES: usize = 256 * 1024;

/// What a remark weighs beside its text, in bytes: ids, time, name.
const REMARK_BYTES: usize = 64;

/// What is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    remarks: Vec<Remark>,
}

impl Log {
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    pub fn remarks_mut(&mut self) -> &mut [Remark] {
        &mut self.remarks
    }

    /// Whether it changed anything.
    pub fn add(&mut self, remark: Remark) -> bool {
        let same = |it: &Remark| (it.author, it.id) == (remark.author, remark.id);
        if let Some(index) = self.remarks.iter().position(same) {
            let was_told = matches!(self.remarks[index].source, Source::Teller { .. });
            if !was_told || remark.source != Source::Author {
                return false;
            }
            self.remarks.remove(index);
        }
        let order = |it: &Remark| (it.at, it.author, it.id);
        let place = self
            .remarks
            .partition_point(|it| order(it) < order(&remark));
        self.remarks.insert(place, remark);
        while self.is_too_much() {
            self.lose_one();
        }
        true
    }

    fn is_too_much(&self) -> bool {
        let bytes: usize = self.remarks.iter().map(|it| it.text.as_str().len()).sum();
        self.remarks.len() > MAX_KEPT || bytes > MAX_BYTES
    }

    fn lose_one(&mut self) {
        let mut shares: HashMap<PersonId, usize> = HashMap::new();
        for remark in &self.remarks {
            let weight = REMARK_BYTES + remark.text.as_str().len();
            *shares.entry(remark.contributor()).or_default() += weight;
        }
        let Some((most, _)) = shares.into_iter().max_by_key(|(id, share)| (*share, *id)) else {
            return;
        };
        let theirs = |remark: &Remark| remark.contributor() == most;
        if let Some(oldest) = self.remarks.iter().position(theirs) {
            self.remarks.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::{ClockTime, MessageId};

    fn remark(author: u8, number: u32, text: &str) -> Remark {
        let mut id = [author; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        Remark {
            id: MessageId::from_bytes(id),
            author: PersonId::from_bytes([author; 16]),
            name: "Léa".into(),
            at: ClockTime::from_millis(u64::from(number)),
            text: text.into(),
            source: Source::Author,
            waiting: Vec::new(),
        }
    }

    #[test]
    fn a_flood_washes_away_itself_alone() {
        let mut log = Log::default();
        log.add(remark(1, 5, "Dinner is ready"));
        for number in 0..2_000 {
            log.add(remark(2, number, "spam"));
        }
        assert_eq!(log.remarks().len(), MAX_KEPT);
        assert!(
            log.remarks()
                .iter()
                .any(|it| it.author.as_bytes() == &[1; 16])
        );
        let newest = log.remarks().last().unwrap();
        assert_eq!(newest.at.millis(), 1_999);
    }

    #[test]
    fn long_texts_are_kept_up_to_a_bound_in_bytes() {
        let mut log = Log::default();
        for number in 0..MAX_KEPT as u32 {
            log.add(remark(1, number, &"😀".repeat(2_000)));
        }
        assert_eq!(log.remarks().len(), MAX_BYTES / 8_000);
    }
}
