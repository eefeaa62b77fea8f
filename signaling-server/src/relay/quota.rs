//! How much of the relay each session may have, and all of them together.

use super::bucket::{Bucket, Rate};
use super::refusal::Refusal;
use std::collections::HashMap;
use std::time::Instant;

/// What is bounded.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Relayed addresses in all.
    pub addresses: usize,
    /// Relayed addresses of one session.
    pub session_addresses: usize,
    /// What may pass in all, both directions together.
    pub rate: Rate,
    /// What may pass for one session, both directions together.
    pub session_rate: Rate,
}

/// Which session something is counted for; good for as long as it has a relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account(usize);

#[derive(Debug)]
struct Session {
    id: Box<str>,
    addresses: usize,
    bucket: Bucket,
}

/// What every session has of the relay. As large as there are relayed addresses, of which each
/// counts for one session.
#[derive(Debug)]
pub(super) struct Quotas {
    bounds: Bounds,
    bucket: Bucket,
    addresses: usize,
    /// Bytes that have passed.
    passed: u64,
    by_id: HashMap<Box<str>, Account>,
    /// By account; `None` where one is free.
    sessions: Vec<Option<Session>>,
    free: Vec<Account>,
}

impl Quotas {
    pub(super) fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            bucket: Bucket::new(bounds.rate, now),
            addresses: 0,
            passed: 0,
            by_id: HashMap::new(),
            sessions: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Relayed addresses that there are.
    pub(super) fn addresses(&self) -> usize {
        self.addresses
    }

    /// Counts `addresses` more for the session with this id.
    pub(super) fn take(
        &mut self,
        id: &str,
        addresses: usize,
        now: Instant,
    ) -> Result<Account, Refusal> {
        if self.addresses + addresses > self.bounds.addresses {
            return Err(Refusal::ServerFull(
                "This relay has as many relayed addresses as it may have",
            ));
        }
        let account = self.by_id.get(id).copied();
        let has = account
            .and_then(|account| self.session(account))
            .map_or(0, |session| session.addresses);
        if has + addresses > self.bounds.session_addresses {
            return Err(Refusal::SessionFull);
        }
        let account = account.unwrap_or_else(|| self.open(id, now));
        if let Some(session) = self.session(account) {
            session.addresses += addresses;
        }
        self.addresses += addresses;
        Ok(account)
    }

    /// Takes `addresses` off the count again. A session that has none any more is forgotten.
    pub(super) fn give_back(&mut self, account: Account, addresses: usize) {
        self.addresses -= addresses;
        let Some(place) = self.sessions.get_mut(account.0) else {
            return;
        };
        if let Some(session) = place {
            session.addresses -= addresses;
            if session.addresses > 0 {
                return;
            }
            self.by_id.remove(&session.id);
            *place = None;
            self.free.push(account);
        }
    }

    /// Whether so many bytes may pass for this session; they are counted then.
    pub(super) fn pass(&mut self, account: Account, bytes: usize, now: Instant) -> bool {
        let session = self.session(account);
        let passes = session.is_some_and(|session| session.bucket.pass(bytes, now))
            && self.bucket.pass(bytes, now);
        if passes {
            self.passed += bytes as u64;
        }
        passes
    }

    /// Bytes that have passed.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    fn session(&mut self, account: Account) -> Option<&mut Session> {
        self.sessions.get_mut(account.0)?.as_mut()
    }

    fn open(&mut self, id: &str, now: Instant) -> Account {
        let session = Session {
            id: id.into(),
            addresses: 0,
            bucket: Bucket::new(self.bounds.session_rate, now),
        };
        let account = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(None);
            Account(self.sessions.len() - 1)
        });
        self.sessions[account.0] = Some(session);
        self.by_id.insert(id.into(), account);
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        addresses: 5,
        session_addresses: 3,
        rate: Rate { kbps: 3000 },
        session_rate: Rate { kbps: 1000 },
    };

    #[test]
    fn a_session_gets_what_it_may_have_and_gets_it_again_when_it_gives_it_back() {
        let now = Instant::now();
        let mut quotas = Quotas::new(BOUNDS, now);
        let anna = quotas.take("anna", 2, now).unwrap();
        assert_eq!(quotas.take("anna", 2, now), Err(Refusal::SessionFull));
        assert_eq!(quotas.take("anna", 1, now), Ok(anna));
        quotas.give_back(anna, 2);
        assert_eq!(quotas.take("anna", 2, now), Ok(anna));
    }

    #[test]
    fn all_sessions_together_get_what_the_server_may_have() {
        let now = Instant::now();
        let mut quotas = Quotas::new(BOUNDS, now);
        let anna = quotas.take("anna", 3, now).unwrap();
        quotas.take("ben", 2, now).unwrap();
        let refused = quotas.take("cleo", 1, now);
        assert!(matches!(refused, Err(Refusal::ServerFull(_))));
        quotas.give_back(anna, 3);
        assert_eq!(quotas.addresses(), 2);
        assert!(quotas.take("cleo", 1, now).is_ok());
        assert_eq!(quotas.sessions.len(), 2, "a place is used again");
    }

    #[test]
    fn one_session_cannot_use_up_what_the_others_send() {
        let now = Instant::now();
        let mut quotas = Quotas::new(BOUNDS, now);
        let anna = quotas.take("anna", 1, now).unwrap();
        let ben = quotas.take("ben", 1, now).unwrap();
        while quotas.pass(anna, 1000, now) {}
        assert!(quotas.pass(ben, 1000, now));
    }
}
