//! A certificate authority on loopback: pebble, which Let's Encrypt tests ACME clients with, and the server of names
//! that comes with it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::json;
use tempfile::TempDir;
use visio_tests::{Need, Process, ports};

/// What it needs, besides Visio's own.
pub const PEBBLE: Need = Need::Program("pebble", "pebble");

/// How long either program may take until it is ready.
const READY: Duration = Duration::from_secs(10);

/// A name that the authority gives no certificates for.
pub const BLOCKED: &str = "blocked.example";

/// An authority. Dropping it ends it, and nothing that it gave is recognised any more.
pub struct Authority {
    folder: TempDir,
    listen: SocketAddr,
    management: SocketAddr,
    names: SocketAddr,
    running: Vec<Process>,
}

impl Authority {
    /// Settles on where it will be. It looks for proofs at these ports, and its certificates are good for `life`.
    pub fn new(tls_port: u16, http_port: u16, life: Duration) -> Result<Self, Failed> {
        let folder = tempfile::Builder::new()
            .prefix("visio-authority-")
            .tempdir()?;
        let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        std::fs::write(folder.path().join("own.pem"), own.cert.pem())?;
        std::fs::write(
            folder.path().join("own-key.pem"),
            own.signing_key.serialize_pem(),
        )?;
        let [listen, management, names] = [
            ports::free_address()?,
            ports::free_address()?,
            ports::free_address()?,
        ];
        let config = json!({"pebble": {
            "listenAddress": listen.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": folder.path().join("own.pem"),
            "privateKey": folder.path().join("own-key.pem"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "externalAccountBindingRequired": false,
            "domainBlocklist": [BLOCKED],
            "certificateValidityPeriod": life.as_secs(),
        }});
        std::fs::write(folder.path().join("pebble.json"), config.to_string())?;
        Ok(Self {
            folder,
            listen,
            management,
            names,
            running: Vec::new(),
        })
    }

    /// Starts it, or starts it anew: then it has forgotten everybody. Every name leads to this machine.
    pub fn start(&mut self) -> Result<(), Failed> {
        self.running.clear();
        let names = self.names.to_string();
        let mut command = Command::new("pebble-challtestsrv");
        command
            .args(["-dns01", &names, "-http01", "", "-https01", ""])
            .args(["-tlsalpn01", "", "-defaultIPv6", ""])
            .args(["-management", &ports::free_address()?.to_string()]);
        self.running
            .push(Process::spawn("pebble-challtestsrv", &mut command)?);
        let mut command = Command::new("pebble");
        command
            .arg("-config")
            .arg(self.folder.path().join("pebble.json"))
            .args(["-dnsserver", &names])
            .env("PEBBLE_VA_NOSLEEP", "1");
        let pebble = Process::spawn("pebble", &mut command)?;
        pebble.wait_for_output(|line| line.contains("ACME directory available"), READY)?;
        self.running.push(pebble);
        Ok(())
    }

    /// The options by which a server turns to it.
    pub fn options(&self) -> Vec<String> {
        vec![
            format!("--acme-directory=https://{}/dir", self.listen),
            format!("--acme-root={}", self.own().display()),
        ]
    }

    /// What vouches for the authority's own server.
    fn own(&self) -> PathBuf {
        self.folder.path().join("own.pem")
    }

    /// What vouches for the certificates that it gives, as PEM.
    pub async fn root(&self) -> Result<Vec<u8>, Failed> {
        let own = reqwest::Certificate::from_pem(&std::fs::read(self.own())?)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .add_root_certificate(own)
            .build()?;
        let url = format!("https://{}/roots/0", self.management);
        let root = client.get(url).send().await?.error_for_status()?;
        Ok(root.bytes().await?.to_vec())
    }
}
