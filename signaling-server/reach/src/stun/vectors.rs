//! The test vectors of RFC 5769: messages that others have written.

use super::integrity::signed;
use super::*;

/// The password of the short-term vectors, which is their key (RFC 5769, section 2).
const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769, section 2.1.
const REQUEST: &str = "
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
    00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014
    9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf";

/// RFC 5769, section 2.2.
const ANSWER_V4: &str = "
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008
    0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96";

/// RFC 5769, section 2.3.
const ANSWER_V6: &str = "
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014
    0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275
    bfe3ed41 80280004 c8fb0b4c";

/// RFC 5769, section 2.4.
const LONG_TERM_REQUEST: &str = "
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383 e382af
    e382b900 00 0015001c 662f2f34 3939 6b39 35346436 4f4c3334 6f4c3946 53547679 3634 7341 0014000b
    6578616d 706c652e 6f726700 00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn a_request_with_a_short_term_password_is_understood() {
    let bytes = bytes(REQUEST);
    let message = Message::read(&bytes).unwrap();
    assert_eq!(
        (message.class(), message.method()),
        (Class::Request, Method::Binding)
    );
    assert_eq!(
        message.value(AttributeType::USERNAME),
        Some(b"evtj:h6vY".as_slice())
    );
    assert!(signed(PASSWORD, &message));
}

#[test]
fn answers_with_an_address_of_either_family_are_understood() {
    for (hex, expected) in [
        (ANSWER_V4, "192.0.2.1:32853"),
        (ANSWER_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let bytes = bytes(hex);
        let message = Message::read(&bytes).unwrap();
        assert_eq!(
            (message.class(), message.method()),
            (Class::Success, Method::Binding)
        );
        let address = message.find(AttributeType::XOR_MAPPED_ADDRESS).unwrap();
        assert_eq!(
            message.read_address(&address),
            Some(expected.parse().unwrap())
        );
        assert!(signed(PASSWORD, &message));
    }
}

#[test]
fn a_request_with_a_long_term_password_is_understood() {
    let bytes = bytes(LONG_TERM_REQUEST);
    let message = Message::read(&bytes).unwrap();
    let username = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
    assert_eq!(
        message.value(AttributeType::USERNAME),
        Some(username.as_bytes())
    );
    assert_eq!(
        message.value(AttributeType::NONCE),
        Some(b"f//499k954d6OL34oL9FSTvy64sA".as_slice())
    );
    // The password is "TheMatrIX" once SASLprep has taken the soft hyphen out of it.
    assert!(Key::long_term(username, "example.org", "TheMatrIX").signed(&message));
}
