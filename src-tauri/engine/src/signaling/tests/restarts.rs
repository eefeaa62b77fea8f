//! A server that is stopped, started again, or away for too long, in mid-session.

use super::support::{PATIENCE, Person, World};
use crate::signaling::{Role, Signaling, SignalingEvent, create_room};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use visio_protocol::message::Signal;
use visio_server::Limits;

const ASK: Signal = Signal::AskOffer { restart: true };

/// Within which everybody is to be back, from the moment the server is.
const BACK: Duration = Duration::from_secs(5);

fn nobody_left(events: &[SignalingEvent]) {
    let left =
        |event: &SignalingEvent| !matches!(event, SignalingEvent::Lost | SignalingEvent::Resumed);
    assert!(!events.iter().any(left), "{events:?}");
}

#[tokio::test]
async fn a_restart_of_the_server_is_a_pause_in_which_nobody_leaves_and_nothing_is_lost() {
    let mut world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let mut ben = Person::enter(&invite, Role::Calling).await;
    anna.next().await;
    world.stop().await;
    // Said while there is no server.
    anna.signaling.send(ben.entered.me.into(), ASK);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    world.start().await;
    let (signal, others) = ben.next_signal().await;
    assert!(started.elapsed() < BACK, "{:?}", started.elapsed());
    assert_eq!(signal, ASK);
    nobody_left(&others);
    // Beyond the time in which the server settles: its list is complete, and nobody is missing.
    let settled = Duration::from_secs(10);
    let (of_anna, of_ben) = tokio::join!(anna.watch(settled), ben.watch(settled));
    nobody_left(&of_anna);
    nobody_left(&of_ben);
    anna.signaling.send(ben.entered.me.into(), Signal::Bye);
    assert_eq!(ben.next_signal().await.0, Signal::Bye);
}

#[tokio::test]
async fn somebody_who_vanished_during_a_restart_is_noticed_when_the_server_has_settled() {
    let limits = Limits {
        grace: Duration::from_secs(2),
        keepalive: Duration::from_millis(400),
        ..Limits::default()
    };
    let mut world = World::with(limits).await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Watching).await;
    let ben = Person::enter(&invite, Role::Watching).await;
    let ben_id = ben.entered.me;
    anna.next().await;
    world.stop().await;
    drop(ben);
    world.start().await;
    let left = async { while anna.next().await != SignalingEvent::Left(ben_id) {} };
    tokio::time::timeout(PATIENCE, left)
        .await
        .expect("ben is missed");
}

#[tokio::test]
async fn who_returns_after_the_others_were_told_of_the_departure_is_somebody_new() {
    let limits = Limits {
        grace: Duration::from_millis(600),
        return_time: Duration::ZERO,
        keepalive: Duration::from_secs(30),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Watching).await;
    // With signs of life only every 30 s, Ben is gone for the server soon after he came; his stream
    // then ends.
    let mut ben = Person::enter(&invite, Role::Calling).await;
    let old = ben.entered.me;
    let SignalingEvent::Replaced(entered) = ben.next().await else {
        panic!("a new session")
    };
    assert_ne!(entered.me, old);
    assert_eq!(entered.present, [(anna.entered.me, Role::Watching)]);
    assert_eq!(
        anna.next().await,
        SignalingEvent::Arrived(old, Role::Calling)
    );
    assert_eq!(anna.next().await, SignalingEvent::Left(old));
    assert_eq!(
        anna.next().await,
        SignalingEvent::Arrived(entered.me, Role::Calling)
    );
}

#[tokio::test]
async fn a_room_that_is_no_longer_there_after_a_restart_ends_the_session() {
    let mut world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Calling).await;
    world.stop().await;
    world.forget_rooms();
    world.start().await;
    loop {
        if let SignalingEvent::Ended(error) = anna.next().await {
            assert_eq!(error, crate::signaling::SignalingError::RoomGone);
            break;
        }
    }
}

/// The real program, at a fixed port.
struct Program(Child);

impl Program {
    fn start(listen: &str, data: &Path) -> (Self, String) {
        let mut child = Command::new(program())
            .args(["--listen", listen, "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("it says where it listens")
            .to_owned();
        (Self(child), address)
    }

    /// SIGKILL, on Unix.
    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where cargo puts the program: beside the folder of this test's own; built when it is not there.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("visio-server{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--package", "visio-server"])
            .status()
            .unwrap();
        assert!(built.success());
    }
    path
}

#[tokio::test]
async fn a_server_killed_in_mid_session_and_started_again_is_a_pause_for_everybody() {
    let data = tempfile::tempdir().unwrap();
    let (mut server, address) = Program::start("127.0.0.1:0", data.path());
    let code = visio_server::data::host_code(data.path()).unwrap().reveal();
    let invite = create_room(&address.parse().unwrap(), &code).await.unwrap();
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let mut ben = Person::enter(&invite, Role::Calling).await;
    anna.next().await;
    server.kill();
    assert_eq!(ben.next().await, SignalingEvent::Lost);
    let started = Instant::now();
    let (_server, _) = Program::start(&address, data.path());
    assert_eq!(ben.next().await, SignalingEvent::Resumed);
    assert!(started.elapsed() < BACK, "{:?}", started.elapsed());
    anna.signaling.send(ben.entered.me.into(), ASK);
    let (signal, others) = ben.next_signal().await;
    assert_eq!(signal, ASK);
    nobody_left(&others);
    let settled = Duration::from_secs(10);
    let (of_anna, of_ben) = tokio::join!(anna.watch(settled), ben.watch(settled));
    nobody_left(&of_anna);
    nobody_left(&of_ben);
}

#[tokio::test]
async fn somebody_who_joins_the_call_while_the_server_restarts_joins_it() {
    let mut world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let ben = Person::enter(&invite, Role::Watching).await;
    anna.next().await;
    world.stop().await;
    let joining = tokio::spawn({
        let signaling: Signaling = ben.signaling.clone();
        async move { signaling.set_role(Role::Calling).await }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    world.start().await;
    joining.await.unwrap().unwrap();
    let joined = SignalingEvent::Role(ben.entered.me, Role::Calling);
    let wait = async { while anna.next().await != joined {} };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("anna sees ben join");
}
