//! Invites as people send, shorten, mistype and paste them.

use super::*;

fn example() -> Invite {
    Invite {
        server: "call.example.org".parse().unwrap(),
        secret: InviteSecret::from_bytes(*b"sixteen bytes!!!"),
    }
}

#[test]
fn a_code_has_32_characters_in_groups_of_four() {
    let code = example().code();
    assert_eq!(code.split('-').count(), 8);
    assert!(code.split('-').all(|group| group.len() == 4), "{code}");
}

#[test]
fn every_form_of_an_invite_leads_to_the_same_room() {
    let invite = example();
    let code = invite.code();
    for text in [
        invite.link(),
        invite.app_link(),
        format!("call.example.org {code}"),
        format!("  Call.Example.Org\t{}  ", code.to_lowercase()),
        format!("call.example.org {}", code.replace('-', " ")),
        format!("call.example.org {}", code.replace('-', "")),
        format!("Join me: {} .", invite.link()),
        format!("«{}»", invite.link()),
        format!(
            "https://call.example.org/j#{}",
            code.replace('0', "o").replace('1', "l")
        ),
    ] {
        assert_eq!(Invite::parse(&text).as_ref(), Ok(&invite), "{text}");
    }
}

#[test]
fn a_server_on_this_machine_is_reached_without_tls() {
    let local = Invite {
        server: "127.0.0.1:8080".parse().unwrap(),
        ..example()
    };
    assert!(local.link().starts_with("http://127.0.0.1:8080/j#"));
    assert_eq!(Invite::parse(&local.app_link()), Ok(local.clone()));
    assert_eq!(
        Invite::parse(&format!("127.0.0.1:8080 {}", local.code())),
        Ok(local)
    );
}

#[test]
fn a_server_with_or_without_tls_against_expectation_stays_so_in_every_link() {
    let secure = Invite {
        server: "https://localhost:8443".parse().unwrap(),
        ..example()
    };
    assert_eq!(Invite::parse(&secure.app_link()), Ok(secure));
    let plain = Invite {
        server: "http://192.168.1.4:8080".parse().unwrap(),
        ..example()
    };
    assert_eq!(Invite::parse(&plain.link()), Ok(plain.clone()));
    assert_eq!(Invite::parse(&plain.app_link()), Ok(plain));
}

#[test]
fn one_wrong_character_anywhere_is_noticed() {
    let code = example().code().replace('-', "");
    for place in 0..code.len() {
        let mut wrong = code.clone().into_bytes();
        wrong[place] = if wrong[place] == b'7' { b'8' } else { b'7' };
        let wrong = String::from_utf8(wrong).unwrap();
        let read = Invite::parse(&format!("call.example.org {wrong}"));
        assert_eq!(read, Err(InviteError::Mistyped), "place {place}");
    }
}

#[test]
fn two_characters_in_the_wrong_order_are_noticed() {
    let mut code = example().code().replace('-', "").into_bytes();
    let place = (0..31)
        .find(|place| code[*place] != code[place + 1])
        .unwrap();
    code.swap(place, place + 1);
    let code = String::from_utf8(code).unwrap();
    assert_eq!(
        Invite::parse(&format!("a.org {code}")),
        Err(InviteError::Mistyped)
    );
}

#[test]
fn a_truncated_code_says_how_much_is_missing() {
    let code = example().code();
    let read = Invite::parse(&format!("call.example.org {}", &code[..34]));
    assert_eq!(read, Err(InviteError::Incomplete { have: 28, need: 32 }));
    let read = Invite::parse("https://call.example.org/j");
    assert_eq!(read, Err(InviteError::Incomplete { have: 0, need: 32 }));
    let read = Invite::parse("call.example.org");
    assert_eq!(read, Err(InviteError::Incomplete { have: 0, need: 32 }));
}

#[test]
fn a_character_too_many_and_a_letter_of_no_code_are_typing_mistakes() {
    let code = example().code();
    for text in [format!("a.org {code}A"), format!("a.org {}U", &code[..38])] {
        assert_eq!(Invite::parse(&text), Err(InviteError::Mistyped), "{text}");
    }
}

#[test]
fn a_code_without_a_server_is_told_as_such() {
    assert_eq!(Invite::parse(&example().code()), Err(InviteError::NoServer));
    assert_eq!(
        Invite::parse(&format!("/j#{}", example().code())),
        Err(InviteError::NoServer)
    );
    assert_eq!(
        Invite::parse(&format!("ftp://a.org/j#{}", example().code())),
        Err(InviteError::NoServer)
    );
    assert_eq!(Invite::parse("  "), Err(InviteError::Empty));
}

#[test]
fn a_code_of_another_version_is_not_called_a_typing_mistake() {
    let mut bytes = vec![2];
    bytes.extend_from_slice(&[9; 16]);
    let sum = check(&bytes);
    bytes.extend_from_slice(&sum);
    let text = format!("a.org {}", crockford::encode(&bytes));
    assert_eq!(
        Invite::parse(&text),
        Err(InviteError::OtherVersion { theirs: 2 })
    );
}

#[test]
fn a_text_as_long_as_a_book_is_refused_at_once() {
    assert_eq!(
        Invite::parse(&"A".repeat(1 << 20)),
        Err(InviteError::Mistyped)
    );
}

#[test]
fn an_invite_does_not_show_its_secret_unasked() {
    let invite = example();
    let shown = format!("{invite:?} {invite}");
    assert!(!shown.contains(&invite.code()[..9]), "{shown}");
}
