//! Disks that are full and data that is damaged: one clear sentence, and nothing lost.

use crate::process::{Program, complaint, printed};

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn a_damaged_database_is_told_in_one_line_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    Program::start(data.path()).line();
    let path = data.path().join("rooms.redb");
    let mut damaged = std::fs::read(&path).unwrap();
    let middle = damaged.len().min(8192);
    damaged[..middle].fill(0x5a);
    std::fs::write(&path, &damaged).unwrap();
    let error = complaint(data.path(), &LISTEN);
    assert!(error.contains("is damaged"), "{error}");
    assert!(error.contains("backup"), "{error}");
    assert!(std::fs::read(&path).unwrap() == damaged);
    let command = complaint(data.path(), &["rooms", "list"]);
    assert!(command.contains("is damaged"), "{command}");
}

#[test]
fn a_data_folder_that_cannot_be_is_told_in_one_line() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let error = complaint(&file.join("data"), &LISTEN);
    assert!(error.contains("a-file"), "{error}");
}

#[cfg(target_os = "linux")]
mod full {
    use super::*;
    use crate::support::ask;
    use reqwest::{Method, StatusCode};
    use std::path::Path;
    use std::process::Command;
    use visio_protocol::RoomKeys;
    use visio_protocol::request::{CreateRoom, path};
    use visio_protocol::secret::InviteSecret;

    /// The program behind a shell that lets a write which is too long fail, as on a full disk,
    /// instead of ending it; with the longest file that it may write.
    fn behind_shell(longest: &str) -> Command {
        let mut shell = Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -S -f {longest}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_visio-server")]);
        shell
    }

    /// From now on the process can write no file beyond its first bytes, or can again.
    fn set_full(program: &Program, full: bool) -> bool {
        let most = if full { "512:" } else { "unlimited:" };
        let changed = Command::new("prlimit")
            .args(["--pid", &program.child.id().to_string()])
            .arg(format!("--fsize={most}"))
            .status();
        changed.is_ok_and(|status| status.success())
    }

    async fn create(base: &str, code: &str) -> StatusCode {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let body = CreateRoom {
            room: keys.room,
            admission_hash: keys.admission.hash(),
        };
        let request = ask(Method::POST, &format!("{base}{}", path::ROOMS))
            .bearer_auth(code.trim())
            .json(&body);
        request.send().await.unwrap().status()
    }

    fn rooms(data: &Path) -> usize {
        printed(data, &["rooms", "list"]).lines().count() - 1
    }

    #[tokio::test]
    async fn a_disk_that_is_full_takes_no_room_loses_none_and_takes_them_again_when_it_is_not() {
        let data = tempfile::tempdir().unwrap();
        let mut program = Program::spawn(&mut behind_shell("unlimited"), data.path());
        let base = program.url();
        let code = printed(data.path(), &["host-code"]);
        assert_eq!(create(&base, &code).await, StatusCode::CREATED);
        if !set_full(&program, true) {
            eprintln!("SKIPPED: prlimit is not there (apt install util-linux)");
            return;
        }
        for _ in 0..2 {
            let refused = create(&base, &code).await;
            assert_eq!(refused, StatusCode::INTERNAL_SERVER_ERROR);
        }
        let invite = crate::process::complaint(data.path(), &["invite"]);
        assert!(invite.contains("is the disk full?"), "{invite}");
        assert_eq!(rooms(data.path()), 1);
        assert!(set_full(&program, false));
        assert_eq!(create(&base, &code).await, StatusCode::CREATED);
        drop(program);
        assert_eq!(rooms(data.path()), 2);
    }

    #[test]
    fn a_server_does_not_start_on_a_full_disk_and_says_why() {
        let data = tempfile::tempdir().unwrap();
        Program::start(data.path()).line();
        let path = data.path().join("rooms.redb");
        let before = std::fs::read(&path).unwrap();
        for folder in [data.path().to_owned(), data.path().join("new")] {
            let output = behind_shell("1")
                .args(LISTEN)
                .arg("--data")
                .arg(&folder)
                .output()
                .unwrap();
            assert!(!output.status.success());
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(error.contains("the disk is full"), "{error}");
            assert!(
                error
                    .lines()
                    .filter(|it| it.starts_with("visio-server:"))
                    .count()
                    == 1
            );
        }
        assert!(std::fs::read(&path).unwrap() == before);
    }
}
