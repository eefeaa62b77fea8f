//! A call without anybody's server: the app holds it on one inside itself, for whoever is on the same network.
//!
//! It is the real server, with a data folder of its own in the app's, and listens at this computer's address on the local
//! network and nowhere else. It runs from the first such call until the app is closed; a call that is under way then
//! goes on, and nobody new can join.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use tokio::sync::Mutex;
use visio_engine::network::local_network_address;
use visio_engine::signaling;
use visio_protocol::{Invite, ServerUrl};
use visio_server::{Config, Server, data};

use crate::trouble::Trouble;

/// Where such a server listens if nothing else does, so that an invite stays good over a restart of the app. In no list of
/// well-known ports.
const PORT: u16 = 8471;

/// The server that the app has inside itself.
pub struct Hosting {
    data: PathBuf,
    running: Mutex<Option<Running>>,
}

struct Running {
    address: SocketAddr,
    server: Server,
}

impl Hosting {
    /// Nothing runs yet. `data`: where its rooms are kept.
    pub fn new(data: PathBuf) -> Hosting {
        Hosting {
            data,
            running: Mutex::default(),
        }
    }

    /// Makes a room on this computer, and an invite to it for whoever is on the same network. The trouble `noLocalNetwork`
    /// means that this computer is on none.
    pub async fn invite(&self) -> Result<Invite, Trouble> {
        let ip = local_network_address().ok_or_else(|| Trouble::of_kind("noLocalNetwork"))?;
        let address = self.run_at(ip, PORT, true).await?;
        let server: ServerUrl = format!("http://{address}")
            .parse()
            .map_err(Trouble::internal)?;
        let data = self.data.clone();
        let host_code =
            super::commands::blocking(move || data::host_code(&data).map_err(Trouble::internal))
                .await?;
        Ok(signaling::create_room(&server, &host_code.reveal()).await?)
    }

    /// Runs the server again if this is an invite to a call that this computer holds, as after a restart of the app. Whatever
    /// keeps it from running shows when the call is entered.
    pub async fn wake_for(&self, invite: &Invite) {
        self.wake_at(local_network_address(), invite).await;
    }

    async fn wake_at(&self, own: Option<Ipv4Addr>, invite: &Invite) {
        let Ok(address) = invite.server.authority().parse::<SocketAddrV4>() else {
            return;
        };
        let ours = own == Some(*address.ip()) && !invite.server.is_secure() && self.data.exists();
        if ours {
            let _ = self.run_at(*address.ip(), address.port(), false).await;
        }
    }

    /// Where the server runs, if it does, or begins to. `elsewhere`: at any other port too, when that one is taken.
    async fn run_at(
        &self,
        ip: Ipv4Addr,
        port: u16,
        elsewhere: bool,
    ) -> Result<SocketAddr, Trouble> {
        let mut running = self.running.lock().await;
        if let Some(running) = running
            .as_ref()
            .filter(|it| it.address.ip() == IpAddr::V4(ip))
        {
            return Ok(running.address);
        }
        // This computer has another address now: what ran at the old one reaches nobody, and must give the folder free.
        if let Some(before) = running.take() {
            before.server.shutdown().await;
        }
        let at = |port| Server::bind(Config::new(SocketAddr::new(ip.into(), port), &self.data));
        let server = match at(port).await {
            Err(error) if elsewhere => {
                tracing::info!(%error, "the call is held at another port");
                at(0).await
            }
            bound => bound,
        };
        let server = server.map_err(|error| {
            tracing::error!(%error, "no call can be held on this computer");
            Trouble::of_kind("hostingFailed")
        })?;
        let address = server.address();
        *running = Some(Running { address, server });
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_runs_is_used_again_and_a_taken_port_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let hosting = Hosting::new(folder.path().join("calls"));
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let here = Ipv4Addr::LOCALHOST;
        assert_eq!(
            hosting.run_at(here, port, false).await.unwrap_err(),
            Trouble::of_kind("hostingFailed")
        );
        let address = hosting.run_at(here, port, true).await.unwrap();
        assert_ne!(address.port(), port);
        assert_eq!(hosting.run_at(here, port, true).await.unwrap(), address);
    }

    #[tokio::test]
    async fn after_a_restart_an_invite_of_our_own_wakes_the_server_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let here = Some(Ipv4Addr::LOCALHOST);
        let invite = |server: &str| Invite::generate(server.parse().unwrap());
        let hosting = Hosting::new(folder.path().join("calls"));
        let address = hosting.run_at(Ipv4Addr::LOCALHOST, 0, false).await.unwrap();
        let running = hosting.running.lock().await.take().unwrap();
        running.server.shutdown().await;
        for other in ["https://call.example.org", "http://192.0.2.7:8471"] {
            hosting.wake_at(here, &invite(other)).await;
            assert!(hosting.running.lock().await.is_none(), "{other}");
        }
        let ours = invite(&format!("http://{address}"));
        hosting.wake_at(here, &ours).await;
        assert_eq!(
            hosting.running.lock().await.as_ref().unwrap().address,
            address
        );
    }
}
