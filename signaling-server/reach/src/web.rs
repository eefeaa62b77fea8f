//! A look at a server, step by step, so that what fails has a name: its address, the connection, its
//! certificate, what it answers, its clock.

use crate::place::{NoWay, Place};
use crate::trust::{self, Doubt};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};
use visio_protocol::request::{CLOCK_TOLERANCE_MS, MAX_ANSWER, ServerInfo, VERSION_HEADER, path};
use visio_protocol::{PROTOCOL_VERSION, ServerUrl};

/// For the handshake, and for the answer, each.
const STEP_TIME: Duration = Duration::from_secs(5);

/// A server that can be reached.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The address that was connected to.
    pub ip: Option<IpAddr>,
    /// From the first step to the answer.
    pub took: Duration,
    /// What it says of itself.
    pub info: ServerInfo,
}

/// Why a server is of no use from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// There is no way to it.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// It can't show that it is who it says.
    #[error(transparent)]
    Doubtful(#[from] Doubt),
    /// It does not speak TLS, or breaks off.
    #[error("no encrypted connection can be made: is something else listening on that port?")]
    NotEncrypted,
    /// It answers what no Visio server answers.
    #[error("something answers, but it is not a Visio server")]
    NotVisio,
    /// A Visio server of another version.
    #[error("it speaks version {0} of Visio's protocol")]
    OtherVersion(u8),
    /// Its clock and ours are too far apart.
    #[error("its clock and this machine's are {minutes} minutes apart")]
    Clock {
        /// How far.
        minutes: u64,
    },
}

/// Looks at a server. Each step takes some seconds at most.
///
/// # Errors
/// [`Unreached`].
pub async fn look(server: &ServerUrl) -> Result<Seen, Unreached> {
    let begun = Instant::now();
    let authority = server.authority();
    let default_port = if server.is_secure() { 443 } else { 80 };
    let place = Place::read(&authority, default_port).ok_or(NoWay::NameUnknown)?;
    let stream = place.connect().await?;
    let ip = stream.peer_addr().ok().map(|address| address.ip());
    let info = if server.is_secure() {
        let secured = trust::connect(stream, &place.host, trust::HTTP);
        match tokio::time::timeout(STEP_TIME, secured).await {
            Ok(Ok(stream)) => ask(stream, &authority).await?,
            Ok(Err(error)) => {
                return Err(
                    trust::refused(&error).map_or(Unreached::NotEncrypted, Unreached::Doubtful)
                );
            }
            Err(_) => return Err(Unreached::NotEncrypted),
        }
    } else {
        ask(stream, &authority).await?
    };
    let apart = now_ms().abs_diff(info.now);
    if apart > CLOCK_TOLERANCE_MS {
        return Err(Unreached::Clock {
            minutes: apart / 60_000,
        });
    }
    Ok(Seen {
        ip,
        took: begun.elapsed(),
        info,
    })
}

async fn ask<S>(stream: S, authority: &str) -> Result<ServerInfo, Unreached>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::time::timeout(STEP_TIME, exchange(stream, authority))
        .await
        .unwrap_or(Err(Unreached::NotVisio))
}

async fn exchange<S>(stream: S, authority: &str) -> Result<ServerInfo, Unreached>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let odd = |_| Unreached::NotVisio;
    let request = Request::get(path::SERVER)
        .header(HOST, authority)
        .header(VERSION_HEADER, u16::from(PROTOCOL_VERSION))
        .body(Empty::<Bytes>::new())
        .map_err(|_| Unreached::NotVisio)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(odd)?;
    let asking = async {
        let answer = sender.send_request(request).await.map_err(odd)?;
        let version = answer.headers().get(VERSION_HEADER);
        let version = version.and_then(|version| version.to_str().ok()?.parse().ok());
        match version {
            Some(PROTOCOL_VERSION) => {}
            Some(theirs) => return Err(Unreached::OtherVersion(theirs)),
            None => return Err(Unreached::NotVisio),
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|_| Unreached::NotVisio)?.to_bytes();
        serde_json::from_slice(&body).map_err(|_| Unreached::NotVisio)
    };
    // The connection carries the exchange on; what it has brought when it ends can still be read.
    tokio::pin!(asking);
    tokio::select! {
        answer = &mut asking => answer,
        _ = connection => asking.await,
    }
}

/// This machine's clock, in milliseconds since 1970.
fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What comes of a look at something that answers so.
    async fn look_at(answer: &'static str) -> Result<Seen, Unreached> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        look(&server.parse().unwrap()).await
    }

    fn answer(version: u8, now: u64) -> &'static str {
        let body = format!(r#"{{"protocol":{version},"version":"0.1.0","now":{now}}}"#);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{VERSION_HEADER}: {version}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        answer.leak()
    }

    #[tokio::test]
    async fn a_server_of_this_version_with_the_same_clock_is_fine() {
        let seen = look_at(answer(PROTOCOL_VERSION, now_ms())).await.unwrap();
        assert_eq!(seen.ip, Some("127.0.0.1".parse().unwrap()));
        assert_eq!(seen.info.version, "0.1.0");
    }

    #[tokio::test]
    async fn each_thing_that_is_wrong_has_its_name() {
        let hour = 60 * 60 * 1000;
        let late = look_at(answer(PROTOCOL_VERSION, now_ms() - hour)).await;
        assert_eq!(late.unwrap_err(), Unreached::Clock { minutes: 60 });
        let later = look_at(answer(9, now_ms())).await;
        assert_eq!(later.unwrap_err(), Unreached::OtherVersion(9));
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "",
        ] {
            assert_eq!(look_at(other).await.unwrap_err(), Unreached::NotVisio);
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_read_to_it() {
        let endless = format!(
            "HTTP/1.1 200 OK\r\n{VERSION_HEADER}: {PROTOCOL_VERSION}\r\n\r\n{}",
            "x".repeat(2 * MAX_ANSWER)
        );
        assert_eq!(
            look_at(endless.leak()).await.unwrap_err(),
            Unreached::NotVisio
        );
    }

    #[tokio::test]
    async fn something_without_encryption_is_told_from_a_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await;
        });
        let seen = look(&server.parse().unwrap()).await;
        assert_eq!(seen.unwrap_err(), Unreached::NotEncrypted);
    }
}
