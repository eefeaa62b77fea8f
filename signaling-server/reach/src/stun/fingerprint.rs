//! FINGERPRINT: the CRC-32 of what stands before it, XORed with a constant that other protocols
//! which end in a CRC do not have (RFC 8489, section 14.7).

/// "STUN" in ASCII (RFC 8489, section 14.7).
const XOR: u32 = 0x5354_554e;

/// The CRC-32 of ISO 3309 (that of Ethernet and zip), reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 {
                rest >> 1 ^ POLYNOMIAL
            } else {
                rest >> 1
            };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// The fingerprint of a message whose header already counts the attribute itself, and of which
/// `before` is all that stands before it.
pub(super) fn of(before: &[u8]) -> u32 {
    let crc = before.iter().fold(u32::MAX, |crc, byte| {
        crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)]
    });
    !crc ^ XOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_checks_theirs_with() {
        assert_eq!(of(b"123456789") ^ XOR, 0xcbf4_3926);
    }
}
