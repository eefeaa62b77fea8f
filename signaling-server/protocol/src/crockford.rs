//! Crockford base32: how a code is written so that it can be read aloud and typed from paper.
//!
//! Most significant bit first. Only lengths that fill whole characters and whole bytes are used
//! here (5 bytes, 8 characters).

/// No I, L, O (they read as digits) and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters in a group, as codes are shown.
const GROUP: usize = 4;

/// `bytes` in groups of four characters joined by dashes. The length must be a multiple of five.
pub(crate) fn encode(bytes: &[u8]) -> String {
    debug_assert!(bytes.len().is_multiple_of(5));
    let mut text = String::with_capacity(bytes.len() * 2);
    let mut written = 0;
    for chunk in bytes.chunks_exact(5) {
        let bits = chunk
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            if written > 0 && written % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[(bits >> (5 * place) & 31) as usize]));
            written += 1;
        }
    }
    text
}

/// The values of the characters of a code as somebody typed it, or `None` when one of them belongs
/// to no code.
///
/// Dashes (of any kind that a word processor makes of them) and spaces are dropped, case is
/// ignored, O reads as 0, I and L as 1.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .filter(|c| {
            !c.is_whitespace()
                && !matches!(
                    c,
                    '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00ad}' | '\u{200b}'
                )
        })
        .map(value)
        .collect()
}

fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|a| char::from(*a) == c)
        .map(|place| place as u8)
}

/// The bytes that these values stand for; bits that fill no byte are dropped.
pub(crate) fn pack(values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 5 / 8);
    let mut bits: u32 = 0;
    let mut count = 0;
    for value in values {
        bits = bits << 5 | u32::from(*value & 31);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_being_written_and_read() {
        let bytes: Vec<u8> = (0u8..20).map(|i| i.wrapping_mul(57)).collect();
        let code = encode(&bytes);
        assert_eq!(code.len(), 32 + 7);
        assert_eq!(pack(&read(&code).unwrap()), bytes);
    }

    #[test]
    fn a_code_may_be_typed_carelessly() {
        assert_eq!(read("o1L-i z"), read("0111Z"));
        assert_eq!(read("ab\u{2013}cd"), read("ABCD"));
    }

    #[test]
    fn a_letter_that_is_in_no_code_is_noticed() {
        assert_eq!(read("ABCU"), None);
        assert_eq!(read("ABC?"), None);
        assert_eq!(read("É"), None);
    }
}
