//! Keeps a certificate from an authority: reads the one that is kept, and obtains and renews it for as
//! long as the server runs.

use super::authority::{AcmeError, Authority, file_name};
use super::domain::Domain;
use super::pair::{Pair, Text};
use super::schedule::{Proof, Schedule, Step};
use super::{CertificateError, Shown, time_of_day};
use crate::data::{DataError, Drawer};
use std::sync::Arc;
use std::time::Duration;

/// The longest sleep: a clock that was put right, or a machine that was asleep, is noticed then.
const LONGEST_SLEEP: Duration = Duration::from_secs(10 * 60);

/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// Keeps the certificate of one domain.
pub(super) struct Keeper {
    authority: Authority,
    domain: Domain,
    shown: Arc<Shown>,
    pair: Option<Pair>,
    schedule: Schedule,
}

impl Keeper {
    /// Shows the certificate that is kept, if there is one.
    pub(super) fn new(
        authority: Authority,
        domain: Domain,
        shown: Arc<Shown>,
    ) -> Result<Self, DataError> {
        let pair = kept(&authority.drawer, &domain)?;
        if let Some(pair) = &pair {
            shown.show(pair);
        }
        // Without randomness the certificate is renewed at the beginning of the window.
        let chance = getrandom::u32().map_or(0, |random| (random >> 16) as u16);
        Ok(Self {
            schedule: Schedule::new(pair.as_ref().map(|pair| pair.validity), chance),
            authority,
            domain,
            shown,
            pair,
        })
    }

    /// Does what is to be done, for ever.
    pub(super) async fn keep(mut self) {
        loop {
            match self.schedule.next(time_of_day()) {
                Step::Wait(time) => tokio::time::sleep(time.min(LONGEST_SLEEP)).await,
                Step::Ask => self.ask().await,
                Step::Order(proof) => self.order(proof).await,
            }
        }
    }

    async fn ask(&mut self) {
        let told = match &self.pair {
            Some(pair) => self.authority.window(pair).await,
            None => return,
        };
        let now = time_of_day();
        match told {
            Ok((window, again)) => self.schedule.told(window, again, now),
            Err(error) => {
                tracing::debug!(%error, "the authority does not say when to renew the certificate");
                self.schedule.not_told(now);
            }
        }
    }

    async fn order(&mut self, proof: Proof) {
        let ordered = self
            .authority
            .order(&self.domain, proof, &self.shown, self.pair.as_ref())
            .await;
        match ordered.and_then(|pem| self.take(&pem)) {
            Ok(pair) => {
                self.schedule.obtained(pair.validity);
                let now = time_of_day();
                tracing::info!(
                    good_for_days = pair.validity.until.saturating_sub(now) / DAY,
                    renewed_in_days = self.schedule.renewal().saturating_sub(now) / DAY,
                    "the certificate for {} is there",
                    self.domain
                );
                self.pair = Some(pair);
            }
            Err(error) => {
                let now = time_of_day();
                let pause = self.schedule.failed(now);
                self.complain(&error, pause, now);
            }
        }
    }

    /// Keeps and shows what the authority gave.
    fn take(&self, pem: &str) -> Result<Pair, AcmeError> {
        let drawer = &self.authority.drawer;
        let name = file(&self.domain);
        let path = drawer.path(&name);
        let text = Text {
            path: &path,
            pem: pem.as_bytes(),
        };
        let pair =
            Pair::read(text, text).map_err(|error| AcmeError::Confused(error.to_string()))?;
        self.shown.show(&pair);
        // It is good even if it can't be kept; the next start would then order another.
        if let Err(error) = drawer.write(&name, pem.as_bytes()) {
            tracing::error!(%error, "the certificate can't be kept");
        }
        Ok(pair)
    }

    fn complain(&self, error: &AcmeError, pause: Duration, now: u64) {
        let again = format!("the next try is in {} s", pause.as_secs());
        match &self.pair {
            None => tracing::error!(
                "there is no certificate for {} yet, so that nobody can connect: {error}; {again}",
                self.domain
            ),
            Some(pair) if now >= pair.validity.until => tracing::error!(
                "the certificate has expired, and everybody will refuse it: {error}; {again}"
            ),
            Some(pair) => tracing::warn!(
                good_for_days = (pair.validity.until - now) / DAY,
                "the certificate could not be renewed, and the old one is shown on: {error}; {again}"
            ),
        }
    }
}

/// The file with a domain's certificate: one for each, so that a domain that was mistyped costs
/// nothing.
fn file(domain: &Domain) -> String {
    format!("{}.pem", file_name(&domain.to_string()))
}

/// The certificate that is kept for a domain. One that is damaged is told, and ordered anew.
fn kept(drawer: &Drawer, domain: &Domain) -> Result<Option<Pair>, DataError> {
    let name = file(domain);
    let Some(pem) = drawer.read(&name)? else {
        return Ok(None);
    };
    let path = drawer.path(&name);
    let text = Text {
        path: &path,
        pem: &pem,
    };
    let read: Result<Pair, CertificateError> = Pair::read(text, text);
    if let Err(error) = &read {
        tracing::warn!(%error, "the certificate that was kept is of no use: a new one is ordered");
    }
    Ok(read.ok())
}

#[cfg(test)]
mod tests {
    use super::super::pair::tests::made;
    use super::super::web::Roots;
    use super::*;

    fn keeper(data: &std::path::Path) -> Keeper {
        let authority = Authority {
            directory: "https://127.0.0.1:9/dir".to_owned(),
            roots: Roots::Public,
            drawer: Drawer::open(data, "certificates").unwrap(),
        };
        let domain = "call.example.org".parse().unwrap();
        Keeper::new(authority, domain, Arc::default()).unwrap()
    }

    #[test]
    fn what_was_obtained_is_there_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let first = keeper(data.path());
        assert!(first.pair.is_none());
        let (chain, key) = made("call.example.org");
        let taken = first.take(&format!("{chain}{key}")).unwrap();
        let second = keeper(data.path());
        assert_eq!(second.pair.unwrap().validity, taken.validity);
    }

    #[test]
    fn a_kept_certificate_that_is_damaged_stops_nothing_and_is_not_overwritten_before_there_is_another()
     {
        let data = tempfile::tempdir().unwrap();
        let first = keeper(data.path());
        let path = first.authority.drawer.path("call.example.org.pem");
        std::fs::write(&path, "half of a certificate").unwrap();
        let second = keeper(data.path());
        assert!(second.pair.is_none());
        assert!(second.take("nonsense of an authority").is_err());
        let left = std::fs::read_to_string(path).unwrap();
        assert_eq!(left, "half of a certificate");
    }
}
