//! The operator's own certificate: two files, which whatever renews them (certbot, say) writes anew.

use super::pair::{Pair, Text};
use super::{CertificateError, Shown, time_of_day};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the files are looked at. A certificate is renewed days before it must be.
const LOOK: Duration = Duration::from_secs(10);

/// The longest file that is read, in bytes. A chain has a few thousand.
const LONGEST: u64 = 1024 * 1024;

/// Both files, and what was in them when they were last looked at.
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// The digest of what they held, so that no key has to be kept for comparing; `None` when they
    /// could not be read.
    seen: Option<[u8; 32]>,
}

impl Files {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// [`CertificateError`]: whoever starts a server with files of their own is there to be told.
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<(Self, Pair), CertificateError> {
        let mut files = Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            seen: None,
        };
        let (digest, pair) = files.read()?;
        files.seen = Some(digest);
        let pair = pair?;
        warn_if_expired(&pair, time_of_day());
        Ok((files, pair))
    }

    /// Looks again: `None` when they are as they were.
    pub(crate) fn look(&mut self) -> Option<Result<Pair, CertificateError>> {
        match self.read() {
            Ok((digest, _)) if self.seen == Some(digest) => None,
            Ok((digest, pair)) => {
                self.seen = Some(digest);
                Some(pair)
            }
            // Told once, and not every time.
            Err(error) => self.seen.take().map(|_| Err(error)),
        }
    }

    fn read(&self) -> Result<([u8; 32], Result<Pair, CertificateError>), CertificateError> {
        let [certificate, key] = [read(&self.certificate)?, read(&self.key)?];
        let mut digest = Sha256::new();
        digest.update((certificate.len() as u64).to_be_bytes());
        digest.update(&*certificate);
        digest.update(&*key);
        let text = |path, pem| Text { path, pem };
        let pair = Pair::read(text(&self.certificate, &certificate), text(&self.key, &key));
        Ok((digest.finalize().into(), pair))
    }

    /// Looks again and again, for ever, and shows what is new. What can't be used is told, and the old
    /// one is shown on.
    pub(crate) async fn watch(mut self, shown: Arc<Shown>) {
        loop {
            tokio::time::sleep(LOOK).await;
            let looked = tokio::task::spawn_blocking(move || {
                let seen = self.look();
                (self, seen)
            });
            // It only ends early when the program does.
            let Ok((files, seen)) = looked.await else {
                return;
            };
            self = files;
            match seen {
                None => {}
                Some(Ok(pair)) => {
                    warn_if_expired(&pair, time_of_day());
                    shown.show(&pair);
                    tracing::info!(
                        "the certificate has changed, and the new one is shown from now on"
                    );
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "the new certificate can't be used: the old one is shown on");
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
        .map_err(|source| CertificateError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// Says so when a certificate is no longer good at `now`: it is shown all the same, because a server
/// that does not start helps nobody.
fn warn_if_expired(pair: &Pair, now: u64) {
    if now >= pair.validity.until {
        tracing::error!("the certificate has expired, and everybody will refuse it: renew it");
    }
}

#[cfg(test)]
mod tests {
    use super::super::pair::tests::made;
    use super::*;
    use std::fs;

    struct World {
        folder: tempfile::TempDir,
        files: Files,
    }

    impl World {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, (chain, key): &(String, String)) {
            fs::write(self.path("chain.pem"), chain).unwrap();
            fs::write(self.path("key.pem"), key).unwrap();
        }
    }

    fn opened() -> (World, (String, String)) {
        let folder = tempfile::tempdir().unwrap();
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        let first = made("call.example.org");
        fs::write(&chain, &first.0).unwrap();
        fs::write(&key, &first.1).unwrap();
        let (files, _) = Files::open(&chain, &key).unwrap();
        (World { folder, files }, first)
    }

    #[test]
    fn files_that_change_are_read_again_and_others_are_not() {
        let (mut world, first) = opened();
        assert!(world.files.look().is_none());
        world.write(&made("call.example.org"));
        assert!(world.files.look().unwrap().is_ok());
        assert!(world.files.look().is_none());
        world.write(&first);
        assert!(world.files.look().unwrap().is_ok());
    }

    #[test]
    fn files_that_can_no_longer_be_used_are_told_once_and_taken_again_when_they_can() {
        let (mut world, (chain, key)) = opened();
        world.write(&(chain.clone(), "nonsense".to_owned()));
        assert!(world.files.look().unwrap().is_err());
        assert!(world.files.look().is_none());
        fs::remove_file(world.path("key.pem")).unwrap();
        assert!(world.files.look().unwrap().is_err());
        assert!(world.files.look().is_none());
        world.write(&(chain, key));
        assert!(world.files.look().unwrap().is_ok());
    }

    #[test]
    fn a_file_that_is_missing_at_the_start_is_told_by_its_name() {
        let nowhere = Path::new("no/such/chain.pem");
        let error = Files::open(nowhere, nowhere).err().unwrap().to_string();
        assert!(
            error.starts_with("no/such/chain.pem can't be read: "),
            "{error}"
        );
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused_at_the_start() {
        let (world, (_, key)) = opened();
        let (chain, _) = made("call.example.org");
        world.write(&(chain, key));
        let opened = Files::open(&world.path("chain.pem"), &world.path("key.pem"));
        assert!(matches!(opened, Err(CertificateError::Mismatch { .. })));
    }
}
