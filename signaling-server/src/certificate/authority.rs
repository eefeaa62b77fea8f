//! The authority: ACME (RFC 8555) with an account of our own, an order, its proof, and when it wants
//! the certificate renewed.

use super::domain::Domain;
use super::pair::Pair;
use super::proof::{self, ProofError};
use super::schedule::{Proof, Window};
use super::shown::Shown;
use super::web::{Roots, Web};
use crate::data::{DataError, Drawer};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use std::time::Duration;

/// How often and for how long an authority is asked whether it is done.
const POLL: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));

/// How long everything about one order may take.
const ORDER_TIME: Duration = Duration::from_secs(5 * 60);

/// The kind of certificate that is given for addresses (Let's Encrypt gives no other for them).
const SHORT_LIVED: &str = "shortlived";

/// What an authority says that has forgotten us (RFC 8555, section 6.7).
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why there is no certificate, in words for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcmeError {
    #[error("{directory} can't be reached: {reason}")]
    Unreachable { directory: String, reason: String },
    #[error("the authority refuses: {0}")]
    Refused(String),
    #[error("the authority takes no proof over {0}")]
    NoProof(&'static str),
    #[error("the authority answers what can't be understood: {0}")]
    Confused(String),
    #[error("the authority takes too long")]
    Slow,
    #[error("no proof can be made: {0}")]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Data(#[from] DataError),
}

/// An authority, and where the account there is kept.
pub(super) struct Authority {
    pub(super) directory: String,
    pub(super) roots: Roots,
    pub(super) drawer: Drawer,
}

impl Authority {
    /// A certificate for `domain`, and its key behind it, as PEM. `replaced` is the one there was.
    ///
    /// # Errors
    /// [`AcmeError`]: nothing has changed then.
    pub(super) async fn order(
        &self,
        domain: &Domain,
        proof: Proof,
        shown: &Shown,
        replaced: Option<&Pair>,
    ) -> Result<String, AcmeError> {
        let ordering = async {
            let account = self.account().await?;
            let done = fulfil(&account, domain, proof, shown, replaced).await;
            match done {
                Err(Trouble::Acme(Error::Api(problem))) if has_no_account(&problem) => {
                    let account = self.new_account().await?;
                    fulfil(&account, domain, proof, shown, replaced).await
                }
                done => done,
            }
        };
        let ordered = tokio::time::timeout(ORDER_TIME, ordering).await;
        shown.answer(None);
        match ordered {
            Ok(done) => done.map_err(|trouble| self.in_words(trouble)),
            Err(_) => Err(AcmeError::Slow),
        }
    }

    /// When the authority wants this certificate renewed, and how long to wait before asking again.
    pub(super) async fn window(&self, pair: &Pair) -> Result<(Window, Duration), AcmeError> {
        let asking = async {
            let account = self.account().await?;
            let id = identifier_of(pair)?;
            let (info, again) = account.renewal_info(&id).await?;
            let seconds = |time: i64| u64::try_from(time).unwrap_or_default();
            let window = Window {
                start: seconds(info.suggested_window.start.unix_timestamp()),
                end: seconds(info.suggested_window.end.unix_timestamp()),
            };
            Ok((window, again))
        };
        match tokio::time::timeout(ORDER_TIME, asking).await {
            Ok(done) => done.map_err(|trouble| self.in_words(trouble)),
            Err(_) => Err(AcmeError::Slow),
        }
    }

    /// Our account there, or a new one.
    async fn account(&self) -> Result<Account, Trouble> {
        let kept = self.drawer.read(&self.account_file())?;
        // One that can't be read is of no use to anybody, and the next one costs nothing.
        let kept = kept.and_then(|json| serde_json::from_slice::<AccountCredentials>(&json).ok());
        match kept {
            Some(credentials) => {
                let builder = Account::builder_with_http(Box::new(Web::new(&self.roots)?));
                Ok(builder.from_credentials(credentials).await?)
            }
            None => self.new_account().await,
        }
    }

    async fn new_account(&self) -> Result<Account, Trouble> {
        let builder = Account::builder_with_http(Box::new(Web::new(&self.roots)?));
        let wanted = NewAccount {
            contact: &[],
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder
            .create(&wanted, self.directory.clone(), None)
            .await?;
        let json = serde_json::to_vec(&credentials).map_err(Error::Json)?;
        self.drawer.write(&self.account_file(), &json)?;
        Ok(account)
    }

    /// The file with our account: one for each authority.
    fn account_file(&self) -> String {
        let address = self.directory.trim_start_matches("https://");
        format!("account-{}.json", file_name(address))
    }

    fn in_words(&self, trouble: Trouble) -> AcmeError {
        match trouble {
            Trouble::Words(error) => error,
            Trouble::Acme(Error::Api(problem)) => AcmeError::Refused(problem_in_words(&problem)),
            Trouble::Acme(Error::Timeout(_)) => AcmeError::Slow,
            Trouble::Acme(Error::Other(error)) => AcmeError::Unreachable {
                directory: self.directory.clone(),
                reason: innermost(&*error),
            },
            Trouble::Acme(error) => AcmeError::Confused(error.to_string()),
        }
    }
}

/// What went wrong: in words already, or as the library says it.
enum Trouble {
    Words(AcmeError),
    Acme(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Acme(error)
    }
}

impl From<DataError> for Trouble {
    fn from(error: DataError) -> Self {
        Self::Words(error.into())
    }
}

/// Orders, proves and fetches.
async fn fulfil(
    account: &Account,
    domain: &Domain,
    proof: Proof,
    shown: &Shown,
    replaced: Option<&Pair>,
) -> Result<String, Trouble> {
    let mut order = begin(account, domain, replaced).await?;
    prove(&mut order, domain, proof, shown).await?;
    match order.poll_ready(&POLL).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) | Err(Error::Api(_)) => return Err(refusal(&mut order).await),
        Err(error) => return Err(error.into()),
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&POLL).await?;
    Ok(format!("{}\n{key}", chain.trim_end()))
}

/// Places the order.
async fn begin(
    account: &Account,
    domain: &Domain,
    replaced: Option<&Pair>,
) -> Result<Order, Error> {
    let identifiers = [match domain {
        Domain::Name(name) => Identifier::Dns(name.clone()),
        Domain::Ip(ip) => Identifier::Ip(*ip),
    }];
    let has_short_lived = account
        .profiles()
        .any(|profile| profile.name == SHORT_LIVED);
    let order = || match domain {
        Domain::Ip(_) if has_short_lived => NewOrder::new(&identifiers).profile(SHORT_LIVED),
        _ => NewOrder::new(&identifiers),
    };
    // An authority that knows of renewals lets those through that others would have to wait for. One
    // that does not, or does not know this certificate, is asked without.
    if let Some(id) = replaced.and_then(|pair| identifier_of(pair).ok())
        && let Ok(placed) = account.new_order(&order().replaces(id)).await
    {
        return Ok(placed);
    }
    account.new_order(&order()).await
}

/// Shows the authority what it wants to see, and tells it to look.
async fn prove(
    order: &mut Order,
    domain: &Domain,
    proof: Proof,
    shown: &Shown,
) -> Result<(), Trouble> {
    let (kind, name) = match proof {
        Proof::Tls => (ChallengeType::TlsAlpn01, "TLS"),
        Proof::Http => (ChallengeType::Http01, "HTTP"),
    };
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        let Some(mut challenge) = authorization.challenge(kind.clone()) else {
            return Err(Trouble::Words(AcmeError::NoProof(name)));
        };
        let answer = proof::answer(
            proof,
            domain,
            &challenge.token,
            &challenge.key_authorization(),
        )
        .map_err(|error| Trouble::Words(error.into()))?;
        shown.answer(Some(answer));
        challenge.set_ready().await?;
    }
    Ok(())
}

/// Why the authority did not believe us.
async fn refusal(order: &mut Order) -> Trouble {
    let general = order.state().error.as_ref().map(problem_in_words);
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Ok(state) = authorization.refresh().await {
            let mut problems = state.challenges.iter().filter_map(|it| it.error.as_ref());
            if let Some(problem) = problems.next() {
                return Trouble::Words(AcmeError::Refused(problem_in_words(problem)));
            }
        }
    }
    let reason = general.unwrap_or_else(|| "it does not say why".to_owned());
    Trouble::Words(AcmeError::Refused(reason))
}

fn identifier_of(pair: &Pair) -> Result<CertificateIdentifier<'static>, Error> {
    let first = pair.key.cert.first().ok_or(Error::Str("a certificate"))?;
    CertificateIdentifier::try_from(first)
        .map(CertificateIdentifier::into_owned)
        .map_err(|_| Error::Unsupported("renewal of a certificate that names no issuer"))
}

fn has_no_account(problem: &Problem) -> bool {
    problem.r#type.as_deref() == Some(NO_ACCOUNT)
}

fn problem_in_words(problem: &Problem) -> String {
    let details = problem
        .subproblems
        .iter()
        .filter_map(|it| it.detail.clone());
    let details = problem.detail.clone().into_iter().chain(details);
    let details: Vec<_> = details.collect();
    match (&problem.r#type, details.is_empty()) {
        (Some(kind), true) => kind.clone(),
        (None, true) => "it does not say why".to_owned(),
        (_, false) => details.join("; "),
    }
}

/// What lies at the bottom of an error: "connection refused" instead of "client error".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Something as the name of a file, on every system.
pub(super) fn file_name(text: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let letters = text.chars();
    letters
        .map(|letter| if allowed(letter) { letter } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_authority() {
        let problem = |json: &str| serde_json::from_str::<Problem>(json).unwrap();
        for (json, words) in [
            (
                r#"{"type":"urn:a","detail":"no such name"}"#,
                "no such name",
            ),
            (r#"{"type":"urn:a"}"#, "urn:a"),
            ("{}", "it does not say why"),
            (
                r#"{"detail":"several","subproblems":[{"detail":"one"},{"detail":"two"}]}"#,
                "several; one; two",
            ),
        ] {
            assert_eq!(problem_in_words(&problem(json)), words);
        }
    }

    #[test]
    fn each_authority_and_each_domain_has_a_file_of_its_own() {
        let name = file_name("acme-v02.api.letsencrypt.org/directory");
        assert_eq!(name, "acme-v02.api.letsencrypt.org-directory");
        assert_eq!(file_name("[2001:db8::7]"), "-2001-db8--7-");
    }

    #[tokio::test]
    async fn an_authority_that_is_down_is_told_with_where_it_should_be() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        let data = tempfile::tempdir().unwrap();
        let authority = Authority {
            directory: format!("https://{address}/dir"),
            roots: Roots::Public,
            drawer: Drawer::open(data.path(), "certificates").unwrap(),
        };
        let domain = "call.example.org".parse().unwrap();
        let shown = Shown::default();
        let error = authority
            .order(&domain, Proof::Tls, &shown, None)
            .await
            .unwrap_err();
        assert!(matches!(error, AcmeError::Unreachable { .. }), "{error}");
        let words = error.to_string();
        let beginning = format!("https://{address}/dir can't be reached: ");
        assert!(words.starts_with(&beginning), "{words}");
        assert!(!authority.drawer.path(&authority.account_file()).exists());
    }
}
