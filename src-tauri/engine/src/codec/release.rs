//! What Cisco publishes for which system: names and sums of openh264 2.6.0, as they stand beside it and in the binding.

/// One binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The file's name; it is published with `.bz2` behind it.
    pub file: &'static str,
    /// SHA-256 of the file itself, in hex.
    pub sha256: &'static str,
}

/// Systems and processors, as `std::env::consts` names them.
const RELEASES: &[(&str, &str, Release)] = &[
    (
        "linux",
        "x86_64",
        Release {
            file: "libopenh264-2.6.0-linux64.8.so",
            sha256: "2f0cde7c6a6abcf5cae76942894ea42897fa677bce4ed6c91a24dd1b041d5f04",
        },
    ),
    (
        "linux",
        "aarch64",
        Release {
            file: "libopenh264-2.6.0-linux-arm64.8.so",
            sha256: "12e7b33623667cdab0e575170c147b1b36eadb77d0d2aa7ceb5afd3e58902140",
        },
    ),
    (
        "windows",
        "x86_64",
        Release {
            file: "openh264-2.6.0-win64.dll",
            sha256: "2076cb5675ec6c1a4c70e7a2a322552f547b6eeed649d6dfcd9e02a543b24691",
        },
    ),
    (
        "windows",
        "aarch64",
        Release {
            file: "openh264-2.6.0-win-arm64.dll",
            sha256: "fb75103938f4f47d119b983e06334df41a803bc72fb5c46e3623f6fea5782732",
        },
    ),
    (
        "macos",
        "x86_64",
        Release {
            file: "libopenh264-2.6.0-mac-x64.dylib",
            sha256: "e3dc8bc01fe69363f61fd3c02fd27798537a585eadd38cd808f303d1ee505a19",
        },
    ),
    (
        "macos",
        "aarch64",
        Release {
            file: "libopenh264-2.6.0-mac-arm64.dylib",
            sha256: "052e98bfcf7a9167d22f3bbb3f5988ef79065591f36af8b52924b22b13624551",
        },
    ),
];

impl Release {
    /// The one for this system, if there is one.
    pub fn of_this_system() -> Option<Self> {
        Self::of(std::env::consts::OS, std::env::consts::ARCH)
    }

    fn of(os: &str, processor: &str) -> Option<Self> {
        let found = RELEASES
            .iter()
            .find(|(its_os, its_processor, _)| *its_os == os && *its_processor == processor);
        found.map(|(_, _, release)| *release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_that_visio_is_made_for_has_one_and_others_have_none() {
        for os in ["linux", "windows", "macos"] {
            for processor in ["x86_64", "aarch64"] {
                let release = Release::of(os, processor).expect("a release");
                assert_eq!(release.sha256.len(), 64, "{release:?}");
            }
        }
        assert_eq!(Release::of("linux", "riscv64"), None);
        assert_eq!(Release::of("plan9", "x86_64"), None);
    }
}
