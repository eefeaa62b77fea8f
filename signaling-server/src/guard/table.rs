//! What is known of many, bounded: when it is full, one that was not asked for lately makes place.

use std::collections::HashMap;
use std::hash::Hash;

/// Entries by key. When there are as many as there may be, a hand goes round over them and takes the
/// first that may go and was not asked for since it last came by: that costs each newcomer a few
/// steps, and needs no order to be kept.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    capacity: usize,
    places: HashMap<K, usize>,
    entries: Vec<Entry<K, V>>,
    hand: usize,
}

#[derive(Debug)]
struct Entry<K, V> {
    key: K,
    value: V,
    /// Asked for again since the hand came by.
    asked: bool,
}

impl<K: Copy + Eq + Hash, V> Table<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            places: HashMap::new(),
            entries: Vec::new(),
            hand: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&mut self, key: &K) -> Option<&mut V> {
        let place = *self.places.get(key)?;
        let entry = self.entries.get_mut(place)?;
        entry.asked = true;
        Some(&mut entry.value)
    }

    /// The entry of this key, or a new one in place of one that may go; `None` when none may.
    pub(super) fn get_or_insert(
        &mut self,
        key: K,
        new: impl FnOnce() -> V,
        may_go: impl Fn(&V) -> bool,
    ) -> Option<&mut V> {
        if self.places.contains_key(&key) {
            return self.get(&key);
        }
        // Not asked for yet: of a flood that asks once each, every one makes place for the next.
        let entry = Entry {
            key,
            value: new(),
            asked: false,
        };
        let place = self.put(entry, may_go)?;
        self.places.insert(key, place);
        self.entries.get_mut(place).map(|entry| &mut entry.value)
    }

    /// Forgets all entries that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let mut place = 0;
        while let Some(entry) = self.entries.get(place) {
            if keep(&entry.value) {
                place += 1;
                continue;
            }
            let gone = self.entries.swap_remove(place);
            self.places.remove(&gone.key);
            if let Some(moved) = self.entries.get(place) {
                self.places.insert(moved.key, place);
            }
        }
        // What a flood has taken is given back.
        if self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to_fit();
            self.places.shrink_to_fit();
        }
    }

    fn put(&mut self, entry: Entry<K, V>, may_go: impl Fn(&V) -> bool) -> Option<usize> {
        if self.entries.len() < self.capacity {
            self.entries.push(entry);
            return Some(self.entries.len() - 1);
        }
        // Twice round: the first time may find all of them asked for.
        for _ in 0..self.entries.len() * 2 {
            self.hand = (self.hand + 1) % self.entries.len();
            let place = self.hand;
            let here = &mut self.entries[place];
            if std::mem::take(&mut here.asked) || !may_go(&here.value) {
                continue;
            }
            self.places.remove(&here.key);
            *here = entry;
            return Some(place);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(table: &mut Table<u32, u32>, key: u32) -> bool {
        table
            .get_or_insert(key, || key, |value| *value != 7)
            .is_some()
    }

    #[test]
    fn it_never_grows_past_its_bound_and_keeps_who_is_asked_for() {
        let mut table = Table::new(8);
        for key in 0..1000 {
            assert!(insert(&mut table, key));
            assert_eq!(table.get(&0), Some(&mut 0), "it is asked for each time");
        }
        assert_eq!((table.len(), table.places.len()), (8, 8));
        assert_eq!(table.get(&7), Some(&mut 7), "it must not go");
        assert_eq!(table.get(&999), Some(&mut 999));
    }

    #[test]
    fn a_newcomer_is_turned_away_when_nobody_may_go() {
        let mut table = Table::new(2);
        for key in [1, 2] {
            table.get_or_insert(key, || 7, |_| false);
        }
        assert!(!insert(&mut table, 3));
        assert_eq!(table.get(&1), Some(&mut 7));
        assert_eq!(table.get(&3), None);
    }

    #[test]
    fn what_is_forgotten_leaves_the_others_where_they_are_found() {
        let mut table = Table::new(100);
        for key in 0..100 {
            insert(&mut table, key);
        }
        table.retain(|value| value % 3 == 0);
        assert_eq!(table.len(), 34);
        for key in 0..100 {
            assert_eq!(table.get(&key).is_some(), key % 3 == 0, "{key}");
        }
        table.retain(|_| false);
        assert_eq!((table.len(), table.places.len()), (0, 0));
        assert!(insert(&mut table, 5));
    }
}
