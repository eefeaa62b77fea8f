//! Some servers on one Redis, and a room.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use visio_tests::{Balancer, Binaries, Choice, Participant, Redis, Server, ports};

/// How long the servers may take to notice that Redis is away or back.
const NOTICE: Duration = Duration::from_secs(10);

/// Between two looks at what they say.
const LOOK: Duration = Duration::from_millis(100);

/// Such a group. What people come through stays for as long as it does.
pub struct Group {
    pub binaries: Binaries,
    pub servers: Vec<Server>,
    pub redis: Redis,
    pub invite: String,
    balancers: RefCell<Vec<(Choice, Balancer)>>,
}

impl Group {
    /// So many servers, and a fresh room on the first.
    pub fn start(count: usize) -> Result<Self, Failed> {
        let binaries = Binaries::beside_me()?;
        let redis = Redis::start()?;
        let start = |_| {
            let options = vec!["--redis".to_owned(), redis.url()];
            Server::start_with(&binaries, ports::free_address()?, options)
        };
        let servers: Vec<Server> = (0..count).map(start).collect::<Result<_, _>>()?;
        let invite = servers[0].invite()?;
        Ok(Self {
            binaries,
            servers,
            redis,
            invite,
            balancers: RefCell::default(),
        })
    }

    /// The invite for somebody who comes through a balancer that chooses so.
    pub fn invite(&self, choice: Choice) -> Result<String, Failed> {
        let mut balancers = self.balancers.borrow_mut();
        let there = balancers.iter().find(|(other, _)| *other == choice);
        let url = match there {
            Some((_, balancer)) => balancer.url(),
            None => {
                let servers = self.servers.iter().map(Server::address).collect();
                let balancer = Balancer::start(servers, choice)?;
                let url = balancer.url();
                balancers.push((choice, balancer));
                url
            }
        };
        Ok(self.invite.replacen(&self.servers[0].url(), &url, 1))
    }

    /// What such a person knows the server by.
    pub fn host(&self, choice: Choice) -> Result<String, Failed> {
        let invite = self.invite(choice)?;
        let host = invite.split('/').nth(2).unwrap_or_default();
        Ok(host.to_owned())
    }

    /// Somebody who is invited and comes through such a balancer.
    pub fn guest(&self, name: &str, choice: Choice) -> Result<Participant, Failed> {
        let invite = self.invite(choice)?;
        Ok(Participant::new(&self.binaries, &invite, name)?)
    }

    /// Waits until all servers have said so many times that Redis is away.
    pub fn redis_is_away(&self, times: usize) -> Result<(), Failed> {
        self.all_say("Redis is away", times)
    }

    /// Waits until all servers have said so many times that Redis is back.
    pub fn redis_is_back(&self, times: usize) -> Result<(), Failed> {
        self.all_say("Redis is back", times)
    }

    fn all_say(&self, words: &str, times: usize) -> Result<(), Failed> {
        let deadline = Instant::now() + NOTICE;
        let said = |server: &Server| server.log().matches(words).count() >= times;
        while !self.servers.iter().all(said) {
            if Instant::now() > deadline {
                let logs: Vec<String> = self.servers.iter().map(Server::log).collect();
                return Err(format!("no “{words}”:\n{}", logs.join("\n---\n")).into());
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}
