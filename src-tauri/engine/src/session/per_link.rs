//! What is remembered of each connection for as long as it is the same one: a new link to the same person begins anew.
//!
//! Pure; `L` is the link, of which nothing but its identity is looked at.

use std::sync::{Arc, Weak};

use visio_protocol::SessionId;

/// A memory of each connection, in the order of the connections.
pub(super) struct PerLink<L, T> {
    entries: Vec<Entry<L, T>>,
}

struct Entry<L, T> {
    session: SessionId,
    link: Weak<L>,
    memory: T,
}

impl<L, T> Default for PerLink<L, T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<L, T: Default> PerLink<L, T> {
    /// From now on exactly these are remembered, in this order; of one that is new there is nothing to remember yet.
    pub fn keep<'a>(&mut self, links: impl Iterator<Item = (SessionId, &'a Arc<L>)>)
    where
        L: 'a,
    {
        let mut before = std::mem::take(&mut self.entries);
        self.entries = links
            .map(|(session, link)| {
                let known = before.iter().position(|entry| entry.is(session, link));
                known.map_or_else(
                    || Entry {
                        session,
                        link: Arc::downgrade(link),
                        memory: T::default(),
                    },
                    |index| before.swap_remove(index),
                )
            })
            .collect();
    }

    /// What is remembered of each.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.memory)
    }

    /// What is remembered of a person's connections.
    pub fn of(&mut self, session: SessionId) -> impl Iterator<Item = &mut T> {
        self.entries
            .iter_mut()
            .filter(move |entry| entry.session == session)
            .map(|entry| &mut entry.memory)
    }
}

impl<L, T> Entry<L, T> {
    fn is(&self, session: SessionId, link: &Arc<L>) -> bool {
        self.session == session && std::ptr::eq(self.link.as_ptr(), Arc::as_ptr(link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u8) -> SessionId {
        SessionId::from_bytes([number; 16])
    }

    fn memories(per_link: &mut PerLink<u8, u32>) -> Vec<u32> {
        per_link.iter_mut().map(|memory| *memory).collect()
    }

    #[test]
    fn each_connection_keeps_its_memory_whatever_the_order_and_a_new_one_has_none() {
        let (anna, ben, carl) = (Arc::new(1), Arc::new(2), Arc::new(3));
        let mut per_link = PerLink::default();
        per_link.keep([(session(1), &anna), (session(2), &ben)].into_iter());
        for (memory, number) in per_link.iter_mut().zip([10, 20]) {
            *memory = number;
        }
        let links = [(session(3), &carl), (session(2), &ben), (session(1), &anna)];
        per_link.keep(links.into_iter());
        assert_eq!(memories(&mut per_link), [0, 20, 10]);
        per_link.keep([(session(1), &anna)].into_iter());
        assert_eq!(memories(&mut per_link), [10]);
    }

    #[test]
    fn another_link_to_the_same_person_begins_anew() {
        let (before, after) = (Arc::new(1), Arc::new(1));
        let mut per_link = PerLink::default();
        per_link.keep([(session(1), &before)].into_iter());
        per_link.of(session(1)).for_each(|memory| *memory = 10);
        per_link.keep([(session(1), &after)].into_iter());
        assert_eq!(memories(&mut per_link), [0]);
    }

    #[test]
    fn a_person_is_found_by_their_session() {
        let (anna, ben) = (Arc::new(1), Arc::new(2));
        let mut per_link = PerLink::default();
        per_link.keep([(session(1), &anna), (session(2), &ben)].into_iter());
        per_link.of(session(2)).for_each(|memory| *memory = 7);
        assert_eq!(memories(&mut per_link), [0, 7]);
    }
}
