//! The host code: what lets somebody create rooms on a server.

use crate::{crockford, random};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Random bytes of a host code: 80 bits, out of reach of guessing over a network.
const LENGTH: usize = 10;

/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 256;

/// Lets its holder create rooms. Shown only on request, by [`HostCode::reveal`].
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct HostCode([u8; LENGTH]);

/// Why a text is not a host code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host code: those have 16 letters and digits")]
pub struct HostCodeError;

impl HostCode {
    /// A new one.
    pub fn random() -> Self {
        Self(random::bytes())
    }

    /// As it is printed and typed: `XXXX-XXXX-XXXX-XXXX`.
    pub fn reveal(&self) -> String {
        crockford::encode(&self.0)
    }

    /// What a database may keep. The code is random, so that a plain hash does not give it away.
    pub fn hash(&self) -> HostCodeHash {
        HostCodeHash(
            Sha256::new()
                .chain_update(b"visio 1 host code")
                .chain_update(self.0)
                .finalize()
                .into(),
        )
    }
}

impl FromStr for HostCode {
    type Err = HostCodeError;

    fn from_str(text: &str) -> Result<Self, HostCodeError> {
        if text.len() > MAX_TEXT {
            return Err(HostCodeError);
        }
        let values = crockford::read(text).ok_or(HostCodeError)?;
        if values.len() != LENGTH * 8 / 5 {
            return Err(HostCodeError);
        }
        crockford::pack(&values)
            .try_into()
            .map(Self)
            .map_err(|_| HostCodeError)
    }
}

impl fmt::Debug for HostCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostCode(…)")
    }
}

/// The hash of a [`HostCode`].
#[derive(Clone, Copy)]
pub struct HostCodeHash([u8; 32]);

impl HostCodeHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `code` is the one. Takes as long for a wrong code as for a right one.
    pub fn matches(&self, code: &HostCode) -> bool {
        self.0.ct_eq(&code.hash().0).into()
    }
}

impl fmt::Debug for HostCodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostCodeHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_code_may_be_typed_carelessly() {
        let code = HostCode::random();
        let typed = code
            .reveal()
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o");
        assert_eq!(typed.parse(), Ok(code.clone()));
        assert!(code.hash().matches(&typed.parse().unwrap()));
    }

    #[test]
    fn another_code_or_another_length_does_not_pass() {
        let code = HostCode::random();
        assert!(!code.hash().matches(&HostCode::random()));
        assert_eq!("1234".parse::<HostCode>(), Err(HostCodeError));
        assert_eq!("".parse::<HostCode>(), Err(HostCodeError));
        assert_eq!(
            "UUUU-UUUU-UUUU-UUUU".parse::<HostCode>(),
            Err(HostCodeError)
        );
    }
}
