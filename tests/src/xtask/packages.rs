//! The system packages that Visio's build, demo and tests need, and why. The one place that names them.

/// What a package is needed for. Each purpose includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Compiling the workspace.
    Build,
    /// `cargo xtask demo`, besides what building needs.
    Demo,
    /// `cargo xtask test`, besides what the demo needs.
    Test,
}

/// How to tell that it is there where the package manager cannot be asked.
#[derive(Debug, Clone, Copy)]
pub enum Probe {
    /// An executable on the search path.
    Program(&'static str),
    /// A C library that `pkg-config` knows.
    Library(&'static str),
    /// No simple way; the build says so when it is missing.
    Unprobed,
}

/// One package, under the names it has on each system. An empty name: nothing to install there.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    pub debian: &'static str,
    pub fedora: &'static str,
    pub homebrew: &'static str,
    pub windows: &'static str,
    pub purpose: Purpose,
    pub probe: Probe,
    pub why: &'static str,
}

const fn linux(
    purpose: Purpose,
    debian: &'static str,
    fedora: &'static str,
    probe: Probe,
    why: &'static str,
) -> Package {
    Package {
        debian,
        fedora,
        homebrew: "",
        windows: "",
        purpose,
        probe,
        why,
    }
}

const fn everywhere(
    names: [&'static str; 4],
    purpose: Purpose,
    program: &'static str,
    why: &'static str,
) -> Package {
    let [debian, fedora, homebrew, windows] = names;
    Package {
        debian,
        fedora,
        homebrew,
        windows,
        purpose,
        probe: Probe::Program(program),
        why,
    }
}

use Probe::{Library, Program, Unprobed};
use Purpose::{Build, Demo, Test};

/// Every package, in the order in which they are told.
#[rustfmt::skip] // A table: one row each.
pub const PACKAGES: &[Package] = &[
    everywhere(["g++", "gcc-c++", "", ""], Build, "c++", "compiles the codecs (openh264, Opus) and ring"),
    everywhere(["make", "make", "", ""], Build, "make", "cmake builds Opus with it"),
    everywhere(["cmake", "cmake", "cmake", "Kitware.CMake"], Build, "cmake", "builds Opus"),
    everywhere(["nasm", "nasm", "nasm", "NASM.NASM"], Build, "nasm", "openh264's assembly: video costs three times the CPU without"),
    linux(Build, "pkg-config", "pkgconf-pkg-config", Program("pkg-config"), "finds the C libraries"),
    linux(Build, "libclang-dev", "clang-devel", Unprobed, "reads the kernel's camera interface (V4L2)"),
    linux(Build, "libasound2-dev", "alsa-lib-devel", Library("alsa"), "microphones and speakers"),
    linux(Build, "libdbus-1-dev", "dbus-devel", Library("dbus-1"), "the window toolkit speaks to the desktop"),
    linux(Build, "libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", Library("webkit2gtk-4.1"), "the window"),
    linux(Demo, "xvfb", "xorg-x11-server-Xvfb", Program("Xvfb"), "a display where there is none"),
    linux(Demo, "fonts-dejavu-core", "dejavu-sans-fonts", Unprobed, "letters, on a machine without any font"),
    everywhere(["espeak-ng", "espeak-ng", "espeak-ng", ""], Demo, "espeak-ng", "the companion's spoken voice"),
    linux(Test, "pulseaudio", "pulseaudio", Program("pulseaudio"), "virtual rooms with microphones and speakers"),
    linux(Test, "pulseaudio-utils", "pulseaudio-utils", Program("pactl"), "changes those rooms while a call runs"),
    linux(Test, "webkit2gtk-driver", "webkit2gtk-driver", Program("WebKitWebDriver"), "drives the real window"),
    linux(Test, "dbus", "dbus-daemon", Program("dbus-daemon"), "a message bus, over which a second start finds the first"),
    linux(Test, "pipewire", "pipewire", Program("pipewire"), "brings the pictures of a screen under Wayland"),
    linux(Test, "wireplumber", "wireplumber", Program("wireplumber"), "joins whoever shows it to whoever looks"),
    linux(Test, "xdg-desktop-portal", "xdg-desktop-portal", Unprobed, "whom Visio asks for a screen under Wayland"),
    linux(Test, "gstreamer1.0-tools", "gstreamer1", Program("gst-launch-1.0"), "plays the part of a compositor"),
    linux(Test, "gstreamer1.0-pipewire", "pipewire-gstreamer", Unprobed, "hands its pictures to PipeWire"),
    linux(Test, "gstreamer1.0-plugins-good", "gstreamer1-plugins-good", Unprobed, "reads the pages that are on its screen"),
    linux(Test, "qemu-system-x86", "qemu-system-x86-core", Program("qemu-system-x86_64"), "a guest with real cameras"),
    linux(Test, "busybox-static", "busybox", Program("busybox"), "the guest's first program"),
    linux(Test, "cpio", "cpio", Program("cpio"), "packs what the guest boots from"),
    linux(Test, "kmod", "kmod", Program("depmod"), "finds the kernel modules the guest needs"),
    linux(Test, "xz-utils", "xz", Program("xz"), "unpacks the guest's kernel"),
    linux(Test, "ffmpeg", "ffmpeg-free", Program("ffmpeg"), "plays the part of an MJPEG camera"),
    linux(Test, "coturn", "coturn", Program("turnutils_uclient"), "its test client uses the relay"),
    linux(Test, "pebble", "", Program("pebble"), "an authority that gives the server certificates"),
    linux(Test, "redis-server", "redis", Program("redis-server"), "several servers share their rooms over it"),
    linux(Test, "chromium", "chromium", Program("chromium"), "looks at the UI's screens and uses them, and is measured against"),
    linux(Test, "libnss3-tools", "nss-tools", Program("certutil"), "has that browser believe in the certificate of a test's server"),
    linux(Test, "iproute2", "iproute", Program("ip"), "networks on this machine, for calls over bad links"),
    linux(Test, "iptables", "iptables-nft", Program("iptables"), "the routers of those networks"),
    linux(Test, "python3-venv", "python3", Unprobed, "somebody with another WebRTC, to meet by the protocol alone"),
    everywhere(["nodejs", "nodejs", "node", "OpenJS.NodeJS.LTS"], Test, "node", "checks and tests of the UI"),
    everywhere(["npm", "nodejs-npm", "", ""], Test, "npm", "fetches the tools that check the UI"),
];
