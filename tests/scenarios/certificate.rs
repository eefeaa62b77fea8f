//! The server's certificate from a real authority (pebble): obtained, used, renewed, and waited for; and the relay behind
//! the same port as HTTPS, used by coturn's own test client.

mod authority;

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use authority::{Authority, BLOCKED, PEBBLE};
use libtest_mimic::{Failed, Trial};
use visio_tests::{Binaries, Need, Process, Server, ports};

use crate::scenario::{Outcome, ensure, scenario};

const NEEDS: &[Need] = &[Need::Own("visio-server"), PEBBLE];

const COTURN: &[Need] = &[
    Need::Own("visio-server"),
    Need::Program("turnutils_uclient", "coturn"),
];

/// A name that leads to this machine.
const NAME: &str = "call.example.org";

/// What the relay and coturn's client share.
const SECRET: &str = "north";

/// For how long the authority's certificates are good: renewed after two thirds of that.
const LIFE: Duration = Duration::from_secs(24);

/// For how long a certificate is good where none is to be renewed.
const LONG_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server may take to obtain a certificate: a second or two, on a busy machine longer. A second try comes
/// after half a minute.
const PATIENCE: Duration = Duration::from_secs(75);

/// How long coturn's client may take: it waits for some seconds after its last message.
const CLIENT: Duration = Duration::from_secs(60);

/// How often a log is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "a certificate is obtained and used and renewed even by an authority that has forgotten the account",
            NEEDS,
            obtained_and_renewed,
        ),
        scenario(
            "a certificate for an address is waited for and obtained over http where tls does not get through",
            NEEDS,
            waited_for,
        ),
        scenario(
            "an authority that refuses is told in its own words",
            NEEDS,
            refused,
        ),
        scenario(
            "two of coturn's clients reach each other over tls at the port of https",
            COTURN,
            relay_beside_https,
        ),
    ]
}

/// A server with a domain, on ports of loopback.
struct Hosted {
    server: Server,
    tls: SocketAddr,
}

impl Hosted {
    fn start(
        domain: &str,
        [tls, http]: [SocketAddr; 2],
        authority: &Authority,
    ) -> Result<Self, Failed> {
        let mut options = authority.options();
        options.extend([
            format!("--domain={domain}"),
            format!("--http-listen={http}"),
            format!("--turn-listen={}", ports::free_address()?),
        ]);
        let server = Server::start_with(&Binaries::beside_me()?, tls, options)?;
        Ok(Self { server, tls })
    }

    /// Waits until the log holds these words `times` times.
    fn wait_for(&self, words: &str, times: usize) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while self.server.log().matches(words).count() < times {
            ensure(Instant::now() < deadline, || {
                format!(
                    "{words:?} was not said {times} times:\n{}",
                    self.server.log()
                )
            })?;
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Asks over HTTPS, trusting the authority and nobody else.
    async fn ask(&self, domain: &str, authority: &Authority) -> Outcome {
        let root = reqwest::Certificate::from_pem(&authority.root().await?)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_built_in_root_certs(false)
            .add_root_certificate(root)
            .resolve(domain, self.tls)
            .build()?;
        let url = format!("https://{domain}:{}/healthz", self.tls.port());
        let answer = client.get(url).send().await?.error_for_status()?;
        let text = answer.text().await?;
        ensure(text == "ok", || text)
    }
}

fn two_addresses() -> Result<[SocketAddr; 2], Failed> {
    Ok([ports::free_address()?, ports::free_address()?])
}

fn block_on<T>(future: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(future)
}

/// What the server says when it has a certificate.
fn there(domain: &str) -> String {
    format!("the certificate for {domain} is there")
}

fn obtained_and_renewed() -> Outcome {
    let addresses = two_addresses()?;
    let [tls, http] = addresses;
    let mut authority = Authority::new(tls.port(), http.port(), LIFE)?;
    authority.start()?;
    let hosted = Hosted::start(NAME, addresses, &authority)?;
    hosted.wait_for(&there(NAME), 1)?;
    block_on(hosted.ask(NAME, &authority))?;
    // The new one has another root and knows no account.
    authority.start()?;
    hosted.wait_for(&there(NAME), 2)?;
    block_on(hosted.ask(NAME, &authority))
}

fn waited_for() -> Outcome {
    let addresses = two_addresses()?;
    let nobody = ports::free_address()?;
    let mut authority = Authority::new(nobody.port(), addresses[1].port(), LONG_LIFE)?;
    let domain = "127.0.0.1";
    let mut hosted = Hosted::start(domain, addresses, &authority)?;
    hosted.wait_for("can't be reached", 1)?;
    hosted.wait_for("there is no certificate for 127.0.0.1 yet", 1)?;
    authority.start()?;
    hosted.wait_for(&there(domain), 1)?;
    block_on(hosted.ask(domain, &authority))?;
    // It is kept, and there at once after a restart.
    hosted.server.start_again()?;
    block_on(hosted.ask(domain, &authority))
}

fn refused() -> Outcome {
    let addresses = two_addresses()?;
    let mut authority = Authority::new(addresses[0].port(), addresses[1].port(), LONG_LIFE)?;
    authority.start()?;
    let hosted = Hosted::start(BLOCKED, addresses, &authority)?;
    hosted.wait_for("the authority refuses: ", 1)?;
    hosted.wait_for("the next try is in 30 s", 1)
}

fn relay_beside_https() -> Outcome {
    let folder = tempfile::Builder::new().prefix("visio-own-").tempdir()?;
    let [certificate, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let tls = ports::free_address()?;
    let options = vec![
        format!("--certificate={}", certificate.display()),
        format!("--key={}", key.display()),
        format!("--turn-listen={}", ports::free_address()?),
        format!("--turn-secret={SECRET}"),
    ];
    let _server = Server::start_with(&Binaries::beside_me()?, tls, options)?;
    let mut command = Command::new("turnutils_uclient");
    command
        .args(["-S", "-t", "-y", "-W", SECRET, "-u", "camille"])
        .args(["-m", "2", "-n", "50", "-l", "1200", "-z", "2"])
        .args(["-p", &tls.port().to_string(), &tls.ip().to_string()]);
    let mut client = Process::spawn("turnutils_uclient", &mut command)?;
    let status = client.wait(CLIENT)?;
    let said = format!("{}\n{}", client.stdout(), client.stderr());
    let all = "Total lost packets 0 (0.000000%)";
    ensure(status.success() && said.contains(all), || said)?;
    let url = format!("https://{tls}/healthz");
    block_on(async {
        let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes())?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .add_root_certificate(root)
            .build()?;
        client.get(url).send().await?.error_for_status()?;
        Ok(())
    })
}
