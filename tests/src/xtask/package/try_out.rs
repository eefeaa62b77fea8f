//! `cargo xtask package try`: the app's Debian package, installed on a clean Debian and started there by a link, as a person
//! who was sent an invite would. A picture of the window is left in the build folder.

use std::path::Path;
use std::time::{Duration, Instant};

use visio_tests::clean_debian::{self, CleanDebian};
use visio_tests::{Display, Need, Picture, Process, Result, Trouble, need, workspace};

/// What it needs from the machine.
const NEEDS: &[Need] = &[Need::Program("Xvfb", "xvfb")];

/// Where the package is put.
const PACKAGE: &str = "/srv/visio.deb";

/// An invite of which most is missing: the window says so, without asking any server.
const LINK: &str = "visio://call.example.org/j#K7QF-2M9D";

/// The first start on a clean system fills caches; on a busy machine it may take long.
const STARTS: Duration = Duration::from_secs(60);

/// Within this the window shows what the link is about.
const SOON: Duration = Duration::from_secs(20);

/// As `tauri.conf.json` has the window.
const SCREEN: (u32, u32) = (1100, 720);

/// Two colours of `tokens.css`, light look: the button that invites, and the words of what went wrong.
const ACCENT: [u8; 3] = [0xa8, 0x48, 0x1c];
const ERROR: [u8; 3] = [0xb3, 0x26, 0x1e];

/// Where the picture is saved, below the build folder.
const SCREENSHOT: &str = "package-try.png";

/// Removes the package, and then looks for what it had brought.
const REMOVE: &str = r#"
dpkg --listfiles visio > /tmp/brought
dpkg --purge visio || exit 1
while read -r file; do
    if [ -e "$file" ] && [ ! -d "$file" ]; then echo "$file is left" >&2; exit 1; fi
done < /tmp/brought
if grep visio /usr/share/applications/mimeinfo.cache >&2; then exit 1; fi
"#;

/// Installs `package`, starts what it installed, looks at its window and removes it again.
pub fn run(package: &Path) -> Result<()> {
    if let Some(missing) = need::missing(&[NEEDS, clean_debian::NEEDS].concat()) {
        return Err(Trouble::new(missing));
    }
    let started = Instant::now();
    let told = |what: &str| println!("{:>5.0} s  {what}", started.elapsed().as_secs_f64());
    told("A clean Debian is being installed…");
    let system = CleanDebian::install()?;
    system.put(package, PACKAGE)?;
    system.run(&format!(
        "apt-get update -q && apt-get install -q --yes --no-install-recommends {PACKAGE}"
    ))?;
    told("The package is installed, with what it asks for.");
    system.run("desktop-file-validate /usr/share/applications/Visio.desktop >&2")?;
    system.run(
        "grep -x 'x-scheme-handler/visio=Visio.desktop;' /usr/share/applications/mimeinfo.cache",
    )?;
    told("Links to Visio are the app's.");
    start(&system)?;
    told("A link has opened the window, and it says what is wrong with that link.");
    system.run(REMOVE)?;
    told("Removed, it leaves nothing.");
    Ok(())
}

fn start(system: &CleanDebian) -> Result<()> {
    let display = Display::start(SCREEN.0, SCREEN.1)?;
    let environment = [
        ("DISPLAY", display.name()),
        // WebKitGTK finds no graphics buffers to share on a virtual display, and then draws nothing.
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
    ];
    let line = format!("exec dbus-run-session -- xdg-open '{LINK}'");
    let mut app = Process::spawn("xdg-open", &mut system.as_user(&environment, &line))?;
    app.wait_for(|line| line.contains("first paint"), STARTS)?;
    let deadline = Instant::now() + SOON;
    loop {
        let picture = display.picture()?;
        if shows(&picture, ACCENT) && shows(&picture, ERROR) {
            return save(&picture);
        }
        if let Some(status) = app.ended() {
            return Err(app.trouble(&format!("ended early with {status}")));
        }
        if Instant::now() > deadline {
            save(&picture)?;
            return Err(app.trouble("shows something else"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Whether some of it has this colour: so many pixels as a short word has.
fn shows(picture: &Picture, colour: [u8; 3]) -> bool {
    let rows = picture.rgb.chunks_exact(3);
    rows.filter(|pixel| *pixel == colour).count() > 100
}

fn save(picture: &Picture) -> Result<()> {
    let file = workspace::target().join(SCREENSHOT);
    picture.save(&file)?;
    println!("         A picture of it: {}", file.display());
    Ok(())
}
