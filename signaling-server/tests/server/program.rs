//! The real program: its options, what it prints, its data folder, and its end.

use crate::process::{Program, command, host_code};
use crate::support::{Session, ask, sealed};
use reqwest::Method;
use std::io::Read as _;
use std::net::TcpListener;
#[cfg(unix)]
use std::process::{Child, Command};
use visio_protocol::RoomKeys;
use visio_protocol::request::{CreateRoom, path};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::{Recipient, Role};

#[test]
fn it_says_where_it_listens_and_prints_the_host_code_while_it_runs() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let line = program.line();
    let address = line.strip_prefix("listening on http://").expect(&line);
    assert_ne!(address.parse::<std::net::SocketAddr>().unwrap().port(), 0);
    let code = host_code(data.path());
    assert_eq!(code, host_code(data.path()));
    assert_eq!(
        code.len(),
        "XXXX-XXXX-XXXX-XXXX\n".len(),
        "the code and nothing else: {code:?}"
    );
}

#[cfg(unix)]
#[test]
fn sigterm_ends_it_properly_and_sigkill_loses_no_room() {
    use std::os::unix::process::ExitStatusExt as _;
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    program.line();
    terminate(&program.child);
    let status = program.child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
    let mut log = String::new();
    program
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(log.contains("stopping"), "{log}");

    let mut program = Program::start(data.path());
    program.line();
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    let mut program = Program::start(data.path());
    assert!(program.line().starts_with("listening"));
}

#[cfg(unix)]
fn terminate(child: &Child) {
    let status = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_second_one_on_the_same_folder_says_so() {
    let data = tempfile::tempdir().unwrap();
    let mut first = Program::start(data.path());
    first.line();
    let second = command()
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(error.contains("another visio-server is running"), "{error}");
}

#[test]
fn a_port_that_is_taken_and_an_option_misspelt_are_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let output = command()
        .args(["--listen", &address, "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains(&format!("can't listen on {address}")),
        "{error}"
    );
    let output = command().args(["--lisen", &address]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen"));
}

#[test]
fn every_option_has_an_environment_variable() {
    let help = command().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help
        .lines()
        .filter(|line| line.starts_with("      --"))
        .count();
    assert_eq!(options, help.matches("[env: VISIO_").count(), "{help}");
    assert!(options >= 15, "{help}");

    let data = tempfile::tempdir().unwrap();
    let code = command()
        .arg("host-code")
        .env("VISIO_DATA", data.path())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(code.stdout).unwrap(),
        host_code(data.path())
    );
}

#[tokio::test]
async fn its_log_names_nobody_and_gives_no_secret_away() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let base = program
        .line()
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();
    let code = host_code(data.path());
    let keys = RoomKeys::derive(&InviteSecret::random());
    let body = CreateRoom {
        room: keys.room,
        admission_hash: keys.admission.hash(),
    };
    let request = ask(Method::POST, &format!("{base}{}", path::ROOMS))
        .bearer_auth(code.trim())
        .json(&body);
    assert_eq!(request.send().await.unwrap().status(), 201);
    let anna = Session {
        base,
        keys: keys.clone(),
        secret: SessionSecret::random(),
    };
    anna.enter(Role::Calling).await;
    anna.signal(Recipient::Room, &sealed(1, 8)).await;
    anna.leave().await;
    program.child.kill().unwrap();
    let mut log = String::new();
    program
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(log.contains("a room was created"), "{log}");
    let bearer = anna.secret.to_bearer();
    let secrets = [
        code.trim().to_owned(),
        keys.room.to_string(),
        keys.admission.to_hex(),
        anna.id().to_string(),
        bearer.to_string(),
    ];
    for secret in secrets.iter().map(String::as_str).chain(["127.0.0.1"]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
