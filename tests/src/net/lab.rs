//! A small internet: hosts behind routers, and a public server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::nat::{INSIDE, OUTSIDE};
use super::{Cable, Download, Impairment, Namespace, Nat};
use crate::{Binaries, Participant, Result, Server, Trouble};

/// The server's address, from a range set aside for documentation (RFC 5737).
pub const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// Where Visio's server listens there.
const PORT: u16 = 8080;

/// And where, if everything is encrypted there.
const WEB_PORT: u16 = 443;

/// Where it relays, if it does.
const RELAY_PORT: u16 = 3478;

/// A host's only interface.
const INTERFACE: &str = "eth0";

/// Sites are called by letters.
const NAMES: &[&str] = &["A", "B", "C", "D", "E", "F"];

/// What a site is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The link between the host and its router, both ways.
    pub link: Impairment,
    /// What the router does.
    pub nat: Nat,
}

impl Site {
    /// A site behind a router that changes no addresses.
    pub const fn new(link: Impairment) -> Self {
        Self {
            link,
            nat: Nat::None,
        }
    }

    /// Its router does this.
    pub const fn behind(self, nat: Nat) -> Self {
        Self { nat, ..self }
    }
}

/// A site in use: a host, and the cable to its router.
pub struct Place {
    // The cable goes first: its ends lie in the namespaces.
    cable: Cable,
    host: Namespace,
    _router: Namespace,
    number: usize,
}

/// The whole of it. Must outlive the programs that run in it, or they lose their network.
pub struct Lab {
    places: Vec<Place>,
    server: Namespace,
}

/// A lab with Visio's server in it and an invite to a room there.
pub struct Meeting {
    /// Visio's server.
    pub server: Server,
    /// The invite, by the server's public address.
    pub invite: String,
    binaries: Binaries,
    // Last: what runs in it ends first.
    /// The network.
    pub lab: Lab,
}

impl Lab {
    /// Builds it. `seed` decides all that the links leave to chance.
    pub fn build(seed: u64, sites: &[Site]) -> Result<Self> {
        if sites.len() > NAMES.len() {
            return Err(Trouble::new(format!("a lab has {} sites", NAMES.len())));
        }
        let server = Namespace::new("S")?;
        server.ip(&format!(
            "link add bridge type bridge\naddr add {SERVER}/24 dev bridge\nlink set bridge up\n"
        ))?;
        server.inside(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1"))??;
        let places = (1..)
            .zip(sites)
            .map(|(number, site)| Place::build(&server, number, site, seed))
            .collect::<Result<_>>()?;
        Ok(Self { places, server })
    }

    /// The site with this index, in the order of building.
    ///
    /// # Panics
    /// When there is none: a mistake in the test.
    pub fn site(&self, index: usize) -> &Place {
        &self.places[index]
    }

    /// The host that everybody can reach.
    pub fn server(&self) -> &Namespace {
        &self.server
    }

    /// Has a site download from the server until the result is dropped.
    pub fn download(&self, site: usize) -> Result<Download> {
        Download::start(&self.server, SERVER, self.site(site).host())
    }
}

impl Meeting {
    /// Builds a lab, starts Visio's server in it and makes a room.
    pub fn open(binaries: &Binaries, seed: u64, sites: &[Site]) -> Result<Self> {
        Self::open_with(binaries, seed, sites, Vec::new())
    }

    /// As [`Self::open`], with a server that relays.
    pub fn open_with_relay(binaries: &Binaries, seed: u64, sites: &[Site]) -> Result<Self> {
        let relay = format!("--turn-listen={SERVER}:{RELAY_PORT}");
        Self::open_with(binaries, seed, sites, vec![relay])
    }

    /// As [`Self::open_with_relay`], everything encrypted and at the port of the web too, with this certificate for
    /// [`SERVER`] and its key, which everybody trusts.
    pub fn open_encrypted(
        binaries: &Binaries,
        seed: u64,
        sites: &[Site],
        [certificate, key]: [&Path; 2],
    ) -> Result<Self> {
        let options = vec![
            format!("--turn-listen={SERVER}:{RELAY_PORT}"),
            format!("--relay-host={SERVER}"),
            format!("--certificate={}", certificate.display()),
            format!("--key={}", key.display()),
        ];
        let trusting = binaries.trusting(certificate);
        Self::open_at(&trusting, seed, sites, WEB_PORT, options)
    }

    fn open_with(
        binaries: &Binaries,
        seed: u64,
        sites: &[Site],
        options: Vec<String>,
    ) -> Result<Self> {
        Self::open_at(binaries, seed, sites, PORT, options)
    }

    fn open_at(
        binaries: &Binaries,
        seed: u64,
        sites: &[Site],
        port: u16,
        options: Vec<String>,
    ) -> Result<Self> {
        let lab = Lab::build(seed, sites)?;
        let at_server = binaries.inside(lab.server());
        let server = Server::start_with(&at_server, SocketAddr::from((SERVER, port)), options)?;
        let invite = server.invite()?;
        Ok(Self {
            server,
            invite,
            binaries: binaries.clone(),
            lab,
        })
    }

    /// Somebody at a site, who is invited and has not joined yet.
    pub fn guest(&self, site: usize, name: &str) -> Result<Participant> {
        Participant::new(&self.programs(site), &self.invite, name)
    }

    /// The programs as they are started at a site.
    pub fn programs(&self, site: usize) -> Binaries {
        self.binaries.inside(self.lab.site(site).host())
    }
}

impl Place {
    fn build(internet: &Namespace, number: usize, site: &Site, seed: u64) -> Result<Self> {
        let name = NAMES[number - 1];
        let router = Namespace::new(&format!("router{name}"))?;
        let host = Namespace::new(name)?;
        let port = format!("port{name}");
        internet.ip(&format!(
            "link add {port} type veth peer name {OUTSIDE} netns {}\nlink set {port} master bridge up\n",
            router.name()
        ))?;
        let cable = Cable::plug(
            (&host, INTERFACE),
            (&router, INSIDE),
            site.link,
            seed.wrapping_mul(NAMES.len() as u64)
                .wrapping_add(number as u64),
        )?;
        let public = Ipv4Addr::new(203, 0, 113, number as u8 + 1);
        router.ip(&format!(
            "addr add {public}/24 dev {OUTSIDE}\nlink set {OUTSIDE} up\nroute add default via {SERVER}\n\
             addr add 10.{number}.0.1/24 dev {INSIDE}\nlink set {INSIDE} up\n"
        ))?;
        internet.ip(&format!("route add 10.{number}.0.0/24 via {public}\n"))?;
        let place = Self {
            cable,
            host,
            _router: router,
            number,
        };
        site.nat.set_up(&place._router, &place.address(2))?;
        place.host.ip(&format!(
            "addr add {}/24 dev {INTERFACE}\n",
            place.address(2)
        ))?;
        place.switch_on()?;
        Ok(place)
    }

    /// The host.
    pub fn host(&self) -> &Namespace {
        &self.host
    }

    /// The cable to its router: the near end is the host's.
    pub fn cable(&self) -> &Cable {
        &self.cable
    }

    /// The host moves to another address of the same network.
    pub fn change_address(&self) -> Result<()> {
        let (old, new) = (self.address(2), self.address(3));
        self.host.ip(&format!(
            "addr del {old}/24 dev {INTERFACE}\naddr add {new}/24 dev {INTERFACE}\n"
        ))?;
        self.switch_on()
    }

    /// The host's network is switched off, and it knows: the interface is down.
    pub fn switch_off(&self) -> Result<()> {
        self.host.ip(&format!("link set {INTERFACE} down\n"))
    }

    /// And on again.
    pub fn switch_on(&self) -> Result<()> {
        let router = self.address(1);
        self.host.ip(&format!(
            "link set {INTERFACE} up\nroute replace default via {router}\n"
        ))
    }

    fn address(&self, host: u8) -> String {
        format!("10.{}.0.{host}", self.number)
    }
}
