//! Where the certificate comes from, and what happens when it does not come.

use crate::support::PATIENCE;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use visio_server::{Config, Server};

/// A certificate for 127.0.0.1, good until the end of `year`, and its key: one PEM text each.
fn made(year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A server for the domain 127.0.0.1, whose authority is down.
async fn without_authority(data: &Path, http: SocketAddr) -> Server {
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data);
    config.certificate.domain = Some("127.0.0.1".parse().unwrap());
    config.certificate.acme_directory = format!("https://{}/dir", free_address());
    config.certificate.http_listen = vec![http];
    config.relay.listen = vec!["127.0.0.1:0".parse().unwrap()];
    Server::bind(config).await.unwrap()
}

fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        // What is looked at here is whether a certificate is shown at all.
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_server_whose_authority_is_down_starts_all_the_same_and_says_where_it_will_be() {
    let data = tempfile::tempdir().unwrap();
    let http = free_address();
    let server = without_authority(data.path(), http).await;
    let port = server.address().port();
    assert_eq!(server.url(), format!("https://127.0.0.1:{port}"));
    assert!(
        server
            .firewall()
            .unwrap()
            .to_string()
            .contains(&port.to_string())
    );
    // Whatever name was asked for, it leads to ours.
    let asked = client()
        .post(format!("http://{http}/v1/rooms?a=b"))
        .header("host", "elsewhere.example");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
    let location = answer.headers()["location"].to_str().unwrap();
    assert_eq!(location, format!("{}/v1/rooms?a=b", server.url()));
    let proof = format!("http://{http}/.well-known/acme-challenge/token");
    let answer = client().get(proof).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = client().get(format!("{}/healthz", server.url())).send();
    assert!(answer.await.is_err(), "there is no certificate yet");
}

#[tokio::test]
async fn a_kept_certificate_is_shown_while_the_authority_is_down_even_an_expired_one() {
    for year in [2020, 2099] {
        let data = tempfile::tempdir().unwrap();
        let (chain, key) = made(year);
        // As a server that ran before has left it.
        let first = without_authority(data.path(), free_address()).await;
        first.shutdown().await;
        let kept = data.path().join("certificates/127.0.0.1.pem");
        std::fs::write(&kept, format!("{chain}{key}")).unwrap();
        let server = without_authority(data.path(), free_address()).await;
        let answer = client().get(format!("{}/healthz", server.url())).send();
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK, "{year}");
        assert!(kept.exists());
    }
}

fn run(options: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_visio-server"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(options)
        .output()
        .unwrap()
}

/// The one line in which the program says why it does not start.
fn reason(options: &[&str]) -> String {
    let output = run(options);
    assert!(!output.status.success(), "{options:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let mut reasons = said
        .lines()
        .filter(|line| line.starts_with("visio-server: "));
    let reason = reasons
        .next()
        .unwrap_or_else(|| panic!("{said}"))
        .to_owned();
    assert_eq!(reasons.next(), None);
    reason
}

#[test]
fn ones_own_certificate_that_cannot_be_used_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (chain, key) = made(2099);
    let [chain, key] = [file("chain.pem", &chain), file("key.pem", &key)];
    let other = file("other.pem", &made(2099).1);
    let none = file("none.pem", "hello");
    let gone = folder.path().join("gone.pem");
    let gone = gone.to_str().unwrap();
    for (certificate, key, said) in [
        (gone, &*key, format!("{gone} can't be read: ")),
        (&chain, gone, format!("{gone} can't be read: ")),
        (
            &none,
            &key,
            format!("{none} holds no certificate in PEM form"),
        ),
        (
            &chain,
            &none,
            format!("{none} holds no private key in PEM form"),
        ),
        (
            &chain,
            &other,
            format!("the key in {other} is not that of the certificate in {chain}"),
        ),
    ] {
        let reason = reason(&["--certificate", certificate, "--key", key]);
        assert!(reason.contains(&said), "{reason}");
    }
}

#[test]
fn roots_of_an_authority_that_are_missing_are_told_in_one_line() {
    let options = ["--domain=127.0.0.1", "--acme-root=no/such/root.pem"];
    let ports = ["--http-listen=127.0.0.1:0", "--turn-listen=127.0.0.1:0"];
    let reason = reason(&[options, ports].concat());
    assert!(
        reason.contains("no/such/root.pem can't be read: "),
        "{reason}"
    );
}

#[test]
fn a_port_for_http_that_is_taken_is_told_in_one_line_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let http = format!("--http-listen={address}");
    let reason = reason(&["--domain=127.0.0.1", &http, "--turn-listen=127.0.0.1:0"]);
    assert!(
        reason.contains(&format!("can't listen on {address}: ")),
        "{reason}"
    );
    assert!(reason.contains("another program has that port"), "{reason}");
}

#[test]
fn a_domain_that_is_none_is_told_with_what_is_wrong() {
    let output = run(&["--domain", "https://call.example.org/"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("without https:// and without a path"),
        "{said}"
    );
}
