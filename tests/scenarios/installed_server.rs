//! The server as its Debian package installs it: under its unit, with its restrictions, on a system that has booted; and
//! what an upgrade and a removal leave.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::net::Namespace;
use visio_tests::words::sentence;
use visio_tests::{Binaries, Booted, Need, Participant, booted, server_package};

use crate::scenario::{CALL, Outcome, ensure, scenario_with};
use crate::seen_and_heard::{saw, stayed_together};

const SMALL: &str = "pattern:320x180@30";

/// Where the package is put.
const PACKAGE: &str = "/srv/visio-server.deb";

/// How long two may need to meet.
const MEET: Duration = Duration::from_secs(15);

/// Longer than the server waits for those who have not returned.
const GRACE: Duration = Duration::from_secs(12);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let needs: Vec<Need> = [CALL, booted::NEEDS, server_package::NEEDS].concat();
    vec![scenario_with(
        "the installed server runs with few rights, and an upgrade keeps its rooms and its calls",
        needs,
        installed,
    )]
}

fn installed() -> Outcome {
    let host = Namespace::new("installed")?;
    let system = Booted::start(&host)?;
    let binaries = Binaries::beside_me()?;
    install(&system, &binaries, "1.0.0")?;
    few_rights(&system)?;

    let host_code = system.run("visio-server host-code --data /var/lib/visio")?;
    let inside = binaries.inside(&host);
    let invite = invite(&inside, &host_code)?;
    let guest = |name| Participant::new(&inside, &invite, name).map(|guest| guest.camera(SMALL));
    let camille = guest("Camille")?.join()?;
    let lea = guest("Léa")?.join()?;
    camille.says(&connected("Léa")?, MEET)?;
    lea.says(&connected("Camille")?, MEET)?;

    system.run("echo '# Ours' >> /etc/visio-server.conf")?;
    install(&system, &binaries, "1.0.1")?;
    std::thread::sleep(GRACE);
    let settings = system.run("tail -n 1 /etc/visio-server.conf")?;
    ensure(settings == "# Ours", || "the settings were lost".to_owned())?;
    let code = system.run("visio-server host-code --data /var/lib/visio")?;
    ensure(code == host_code, || "the host code has changed".to_owned())?;
    let hugo = guest("Hugo")?
        .stay(Duration::from_secs(5))
        .join()?
        .report()?;
    saw(&hugo, "Hugo", "Camille", 60)?;
    saw(&hugo, "Hugo", "Léa", 60)?;
    stayed_together([("Camille", camille), ("Léa", lea)])?;

    system.run("dpkg --purge visio-server")?;
    let state = system.run("systemctl is-active visio-server || true")?;
    ensure(state == "inactive", || format!("removed, it is {state}"))?;
    system.run("test -s /var/lib/private/visio/rooms.redb")?;
    Ok(())
}

/// Installs this version of the package, and sees it run.
fn install(system: &Booted, binaries: &Binaries, version: &str) -> Outcome {
    let folder = tempfile::tempdir()?;
    let package = server_package::build(&binaries.path("visio-server")?, version, folder.path())?;
    system.put(&package, PACKAGE)?;
    system.run(&format!("dpkg --install {PACKAGE}"))?;
    let state = system.run("systemctl is-active visio-server")?;
    ensure(state == "active", || format!("installed, it is {state}"))
}

/// It is nobody, may become nobody else, and sees next to nothing.
fn few_rights(system: &Booted) -> Outcome {
    let status =
        system.run("cat /proc/$(systemctl show --property=MainPID --value visio-server)/status")?;
    let value = |name: &str| {
        let mut lines = status.lines().filter_map(|line| line.split_once(":\t"));
        lines
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    let user = value("Uid").unwrap_or_default();
    ensure(!user.starts_with('0'), || "it runs as root".to_owned())?;
    ensure(value("NoNewPrivs").as_deref() == Some("1"), || {
        "it may gain rights".to_owned()
    })?;
    ensure(value("Seccomp").as_deref() == Some("2"), || {
        "it may make any system call".to_owned()
    })?;
    // CAP_NET_BIND_SERVICE is number 10, and the only one.
    let rights = value("CapBnd").unwrap_or_default();
    ensure(rights.trim_start_matches('0') == "400", || {
        format!("it may have the rights {rights}")
    })?;
    let mode = system.run("stat --format %a /var/lib/private/visio")?;
    ensure(mode == "700", || format!("its data folder has mode {mode}"))
}

fn invite(inside: &Binaries, host_code: &str) -> Result<String, Failed> {
    let mut command = inside.command("visio-cli")?;
    command.args([
        "invite",
        "--server",
        "http://127.0.0.1:8080",
        "--host-code",
        host_code,
    ]);
    let output = command.output()?;
    ensure(output.status.success(), || {
        String::from_utf8_lossy(&output.stderr).into_owned()
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn connected(name: &str) -> visio_tests::Result<String> {
    sentence("en", "cli.connected", &[("name", name)])
}
