//! The owner's commands, to the real program, while it runs and while it does not.

use crate::process::{Program, complaint, host_code, printed};
use crate::support::{PATIENCE, Session, ask, refusal};
use reqwest::{Method, Response};
use std::path::Path;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{CreateRoom, path};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::Role;
use visio_protocol::{Invite, RoomKeys};

async fn create(base: &str, host_code: &str) -> Response {
    let keys = RoomKeys::derive(&InviteSecret::random());
    let body = CreateRoom {
        room: keys.room,
        admission_hash: keys.admission.hash(),
    };
    ask(Method::POST, &format!("{base}{}", path::ROOMS))
        .bearer_auth(host_code.trim())
        .json(&body)
        .send()
        .await
        .unwrap()
}

fn session(base: &str, invite: &Invite) -> Session {
    Session {
        base: base.to_owned(),
        keys: invite.keys(),
        secret: SessionSecret::random(),
    }
}

/// The list without its heading, each line as words.
fn list(data: &Path) -> Vec<Vec<String>> {
    let text = printed(data, &["rooms", "list"]);
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[tokio::test]
async fn an_invite_from_the_command_line_leads_into_a_room_of_the_running_server() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let base = program.url();
    let link = printed(data.path(), &["invite"]);
    let invite: Invite = link.parse().unwrap();
    assert_eq!(invite.server.to_string(), base);
    session(&base, &invite).enter(Role::Calling).await;
    session(&base, &invite).enter(Role::Watching).await;

    let rooms = list(data.path());
    assert_eq!(rooms.len(), 1);
    assert_eq!(
        rooms[0][..3],
        [invite.keys().room.to_string().as_str(), "1", "1"]
    );
    assert!(rooms[0].last().unwrap() == "GMT", "{rooms:?}");
}

#[tokio::test]
async fn a_room_that_is_closed_ends_for_those_in_it_and_lets_nobody_in() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let base = program.url();
    let url = ["--url", "https://call.example.org"];
    let link = printed(data.path(), &["invite", url[0], url[1]]);
    assert!(link.starts_with("https://call.example.org/j#"), "{link}");
    let invite: Invite = link.parse().unwrap();
    let anna = session(&base, &invite);
    anna.enter(Role::Calling).await;
    let mut hears = anna.listen(None).await;

    assert_eq!(
        printed(data.path(), &["rooms", "close", link.trim()]),
        "closed\n"
    );
    let end = tokio::time::timeout(PATIENCE, async { while hears.next().await.is_some() {} });
    end.await.expect("the stream ends");
    for returning in [true, false] {
        let answer = anna.try_enter(Role::Calling, returning).await;
        assert_eq!(refusal(answer).await, Refusal::RoomUnknown);
    }
    assert!(list(data.path()).is_empty());
    let again = complaint(
        data.path(),
        &["rooms", "close", &invite.keys().room.to_string()],
    );
    assert!(again.contains("there is no such room"), "{again}");
}

#[tokio::test]
async fn host_codes_are_made_and_revoked_while_the_server_runs() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let base = program.url();
    let first = host_code(data.path());
    let second = printed(data.path(), &["host-code", "new"]);
    assert_ne!(first, second);
    assert_eq!(create(&base, &first).await.status(), 201);
    assert_eq!(create(&base, &second).await.status(), 201);

    printed(data.path(), &["host-code", "revoke", second.trim()]);
    assert_eq!(
        refusal(create(&base, &second).await).await,
        Refusal::HostCode
    );
    assert_eq!(create(&base, &first).await.status(), 201);
    let unknown = complaint(data.path(), &["host-code", "revoke", second.trim()]);
    assert!(
        unknown.contains("not a host code of this server"),
        "{unknown}"
    );

    assert_eq!(
        printed(data.path(), &["host-code", "revoke", "--all"]),
        "revoked: 1\n"
    );
    assert_eq!(
        refusal(create(&base, &first).await).await,
        Refusal::HostCode
    );
    let gone = complaint(data.path(), &["host-code"]);
    assert!(gone.contains("host-code new"), "{gone}");
    let third = printed(data.path(), &["host-code", "new"]);
    assert_eq!(host_code(data.path()), third);
    assert_eq!(create(&base, &third).await.status(), 201);
}

#[test]
fn commands_work_on_a_server_that_does_not_run_and_say_so_where_there_is_none() {
    let data = tempfile::tempdir().unwrap();
    let nothing = complaint(data.path(), &["rooms", "list"]);
    assert!(nothing.contains("no visio-server has run on"), "{nothing}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);

    Program::start(data.path()).line();
    let where_ = complaint(data.path(), &["invite"]);
    assert!(where_.contains("--url"), "{where_}");
    let link = printed(data.path(), &["invite", "--url", "call.example.org"]);
    let invite: Invite = link.parse().unwrap();
    let rooms = list(data.path());
    assert_eq!(rooms[0][0], invite.keys().room.to_string());
    printed(data.path(), &["rooms", "close", &rooms[0][0]]);
    assert!(list(data.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn what_is_in_the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    program.line();
    let mut names = Vec::new();
    for file in std::fs::read_dir(data.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}: {mode:o}", file.file_name());
        names.push(file.file_name());
    }
    names.sort();
    assert_eq!(names, ["control", "host-code", "rooms.redb"]);
}

#[cfg(unix)]
#[test]
fn whoever_stands_in_the_door_and_says_nothing_or_too_much_does_not_keep_the_owner_out() {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    program.line();
    let mut endless = UnixStream::connect(data.path().join("control")).unwrap();
    // As much as it takes, until the server hangs up.
    while endless.write_all(&[b' '; 4096]).is_ok() {}
    assert!(list(data.path()).is_empty());
}
