//! The Debian package of the server: its program, its unit and its settings, put together by `dpkg-deb`.
//!
//! What lies in it stands in `signaling-server/packaging/`. Needs Debian's own tools, and nothing from the network.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::trouble::During;
use crate::{Need, Result, Trouble, workspace};

/// What making the package needs from the machine.
pub const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Program("dpkg-deb", "dpkg"),
    Need::Program("dpkg-query", "dpkg"),
];

/// Files of the package that are copied as they are: from the workspace, to the machine, with their modes.
const FILES: &[(&str, &str, &str)] = &[
    (
        "signaling-server/packaging/visio-server.service",
        "lib/systemd/system/visio-server.service",
        "644",
    ),
    (
        "signaling-server/packaging/visio-server.conf",
        "etc/visio-server.conf",
        "600",
    ),
    (
        "signaling-server/HOSTING.md",
        "usr/share/doc/visio-server/HOSTING.md",
        "644",
    ),
    ("LICENSE", "usr/share/doc/visio-server/copyright", "644"),
    (
        "signaling-server/packaging/debian/postinst",
        "DEBIAN/postinst",
        "755",
    ),
    (
        "signaling-server/packaging/debian/prerm",
        "DEBIAN/prerm",
        "755",
    ),
    (
        "signaling-server/packaging/debian/postrm",
        "DEBIAN/postrm",
        "755",
    ),
];

/// Settings that an upgrade must not overwrite.
const SETTINGS: &str = "/etc/visio-server.conf\n";

const CONTROL: &str = "signaling-server/packaging/debian/control";

/// Packs `program`, a `visio-server`, as this version into the folder `into`. The path of the package.
pub fn build(program: &Path, version: &str, into: &Path) -> Result<PathBuf> {
    let tree = tempfile::Builder::new()
        .prefix("visio-package-")
        .tempdir()?;
    let root = workspace::root();
    install(program, &tree.path().join("usr/bin/visio-server"), "755")?;
    for (from, to, mode) in FILES {
        install(&root.join(from), &tree.path().join(to), mode)?;
    }
    let debian = tree.path().join("DEBIAN");
    std::fs::write(debian.join("conffiles"), SETTINGS)?;
    let architecture = said(Command::new("dpkg").arg("--print-architecture"))?;
    // What was built here may use everything that this machine's C library offers.
    let libc = said(Command::new("dpkg-query").args(["-W", "-f=${Version}", "libc6"]))?;
    let libc = libc.split(['-', '+']).next().unwrap_or_default();
    let kibibytes = std::fs::metadata(program)?.len() / 1024;
    let control = std::fs::read_to_string(root.join(CONTROL)).during(CONTROL)?;
    let control = control
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", &architecture)
        .replace("@LIBC@", libc)
        .replace("@KIBIBYTES@", &kibibytes.to_string());
    std::fs::write(debian.join("control"), control)?;
    std::fs::create_dir_all(into).during(into.display())?;
    let package = into.join(format!("visio-server_{version}_{architecture}.deb"));
    said(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "--build"])
            .arg(tree.path())
            .arg(&package),
    )?;
    Ok(package)
}

fn install(from: &Path, to: &Path, mode: &str) -> Result<()> {
    let mut command = Command::new("install");
    command.args(["-D", "-m", mode]).arg(from).arg(to);
    said(&mut command).map(drop)
}

/// What a command that must succeed printed.
fn said(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .during(format_args!("starting {program}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("{program}: {}", why.trim())))
}
