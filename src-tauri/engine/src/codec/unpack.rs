//! bzip2, as Cisco packs its binaries: bounded, because what is unpacked comes from outside and may be made to swell.

use std::io::{self, Read as _};

use bzip2::read::BzDecoder;

/// The longest binary, in bytes: they have 1.3 MB.
const MOST: u64 = 8 << 20;

/// What was packed.
///
/// # Errors
/// When it is not bzip2, or longer than any binary.
pub(super) fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    BzDecoder::new(packed)
        .take(MOST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

#[cfg(test)]
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    bzip2::read::BzEncoder::new(bytes, bzip2::Compression::fast())
        .read_to_end(&mut packed)
        .expect("memory takes everything");
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let bytes = b"a codec, a codec, a codec".repeat(100);
        assert_eq!(unpack(&pack(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn what_is_not_packed_or_swells_is_refused() {
        assert!(unpack(b"something else").is_err());
        assert!(unpack(&pack(b"cut short")[..20]).is_err());
        let swells = pack(&vec![0; MOST as usize + 1]);
        assert!(swells.len() < 64 * 1024);
        let refused = unpack(&swells).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
