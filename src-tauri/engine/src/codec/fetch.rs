//! Downloads the codec, checks that it is the one, and puts it where it stays.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::release::Release;
use super::unpack::unpack;
use crate::video::h264::{Library, LibraryError};

/// Where Cisco publishes it. Plain HTTP, as Cisco says; what comes is known by its sum.
const FROM: &str = "http://ciscobinary.openh264.org";

/// The longest download, in bytes: they have 0.6 MB.
const MOST: usize = 4 << 20;

/// A server that is there answers sooner.
const ANSWERS: Duration = Duration::from_secs(15);

/// Between two pieces: slower is not a download.
const SILENCE: Duration = Duration::from_secs(20);

/// Why there is no codec now.
#[derive(Debug, Error)]
pub enum FetchError {
    /// Cisco publishes none for this system.
    #[error("there is none for this system")]
    NoneForThisSystem,
    /// The server could not be reached, or the download broke off.
    #[error("it could not be downloaded: {0}")]
    Unreachable(String),
    /// What came is not what Cisco has published.
    #[error("what was downloaded is something else")]
    SomethingElse,
    /// It could not be written, or this system does not load it.
    #[error("it can't be kept: {0}")]
    NotKept(String),
}

impl From<io::Error> for FetchError {
    fn from(error: io::Error) -> Self {
        Self::NotKept(error.to_string())
    }
}

impl From<LibraryError> for FetchError {
    fn from(error: LibraryError) -> Self {
        Self::NotKept(error.to_string())
    }
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url().to_string())
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that have come.
    pub came: usize,
    /// Bytes in all, if the server tells.
    pub of: Option<u64>,
}

/// Fetches the codec for this system into `folder` and codes with it from now on. Whatever fails leaves everything as it was.
///
/// # Errors
/// [`FetchError`]: all of them leave everything as it was, and it may be tried again.
pub async fn fetch(folder: &Path, on_progress: impl FnMut(Progress)) -> Result<(), FetchError> {
    let release = Release::of_this_system().ok_or(FetchError::NoneForThisSystem)?;
    let file = fetch_from(FROM, release, folder, on_progress).await?;
    Ok(
        tokio::task::spawn_blocking(move || Library::use_file(&file))
            .await
            .map_err(|error| FetchError::NotKept(error.to_string()))??,
    )
}

/// The file of `release`, downloaded from this server, checked, and in `folder`.
async fn fetch_from(
    server: &str,
    release: Release,
    folder: &Path,
    on_progress: impl FnMut(Progress),
) -> Result<PathBuf, FetchError> {
    let url = format!("{server}/{}.bz2", release.file);
    let packed = download(&url, on_progress).await?;
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || keep(&packed, release, &folder))
        .await
        .map_err(|error| FetchError::NotKept(error.to_string()))?
}

async fn download(url: &str, mut on_progress: impl FnMut(Progress)) -> Result<Vec<u8>, FetchError> {
    let client = reqwest::Client::builder()
        .connect_timeout(ANSWERS)
        .read_timeout(SILENCE)
        .build()?;
    let mut response = client.get(url).send().await?.error_for_status()?;
    let of = response.content_length();
    let mut packed = Vec::new();
    while let Some(piece) = response.chunk().await? {
        packed.extend_from_slice(&piece);
        if packed.len() > MOST {
            return Err(FetchError::SomethingElse);
        }
        let came = packed.len();
        on_progress(Progress { came, of });
    }
    Ok(packed)
}

/// Unpacks and checks it, and gives it its name only once it is whole.
fn keep(packed: &[u8], release: Release, folder: &Path) -> Result<PathBuf, FetchError> {
    let bytes = unpack(packed).map_err(|_| FetchError::SomethingElse)?;
    if hex(&Sha256::digest(&bytes)) != release.sha256 {
        return Err(FetchError::SomethingElse);
    }
    std::fs::create_dir_all(folder)?;
    let (part, file) = (
        folder.join(format!("{}.part", release.file)),
        folder.join(release.file),
    );
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, &file)?;
    Ok(file)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::unpack::pack;
    use super::*;

    /// The sum of `a codec`.
    const RELEASE: Release = Release {
        file: "libcodec.so",
        sha256: "72ca740d24713ca0ae68bfb09d6475db7975522cc1c95300a2a26afd05d30425",
    };

    /// A server that answers one request with this, and its address.
    async fn serve(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /libcodec.so.bz2 "));
            // Who has read enough hangs up.
            let _ = stream.write_all(&answer).await;
        });
        url
    }

    fn answer(status: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    async fn fetched(
        answer: Vec<u8>,
        folder: &Path,
    ) -> (Result<PathBuf, FetchError>, Vec<Progress>) {
        let mut progress = Vec::new();
        let server = serve(answer).await;
        let file = fetch_from(&server, RELEASE, folder, |it| progress.push(it)).await;
        (file, progress)
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn what_was_published_is_kept_and_how_far_it_is_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let packed = pack(b"a codec");
        let (file, progress) = fetched(answer("200 OK", &packed), folder.path()).await;
        assert_eq!(std::fs::read(file.unwrap()).unwrap(), b"a codec");
        assert_eq!(files(folder.path()), 1);
        let whole = Progress {
            came: packed.len(),
            of: Some(packed.len() as u64),
        };
        assert_eq!(progress.last(), Some(&whole));
    }

    #[tokio::test]
    async fn something_else_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        for body in [pack(b"another codec"), b"a captive portal".to_vec()] {
            let (file, _) = fetched(answer("200 OK", &body), folder.path()).await;
            assert!(matches!(file, Err(FetchError::SomethingElse)), "{file:?}");
        }
        let endless = answer("200 OK", &vec![0; MOST + 1]);
        let (file, _) = fetched(endless, folder.path()).await;
        assert!(matches!(file, Err(FetchError::SomethingElse)), "{file:?}");
        assert_eq!(files(folder.path()), 0);
    }

    #[tokio::test]
    async fn a_download_that_fails_or_breaks_off_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let mut cut = answer("200 OK", &pack(b"a codec"));
        cut.truncate(cut.len() - 5);
        for answer in [answer("404 Not Found", b""), cut, Vec::new()] {
            let (file, _) = fetched(answer, folder.path()).await;
            assert!(matches!(file, Err(FetchError::Unreachable(_))), "{file:?}");
        }
        assert_eq!(files(folder.path()), 0);
    }

    #[tokio::test]
    async fn a_folder_that_can_t_be_written_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("codec");
        std::fs::write(&in_the_way, b"a file").unwrap();
        let (file, _) = fetched(answer("200 OK", &pack(b"a codec")), &in_the_way).await;
        assert!(matches!(file, Err(FetchError::NotKept(_))), "{file:?}");
    }
}
