//! What a program asks the system for, in the words of each kind of package: the libraries that it is linked to, in the
//! oldest versions that have all that it uses. So a package is refused where the program could not start.

use std::path::Path;
use std::process::Command;

use visio_tests::trouble::During;
use visio_tests::{Result, Trouble};

/// Debian's own tool wants to be told of which package it is asked.
const CONTROL: &str = "Source: visio\n\nPackage: visio\nArchitecture: any\n";

/// Every library here is of this word size, and RPM's names say so.
const WORD: &str = "()(64bit)";

/// The packages of Debian that a program needs, such as `libasound2 (>= 1.0.16)`.
pub fn debian(program: &Path) -> Result<Vec<String>> {
    let folder = tempfile::Builder::new()
        .prefix("visio-package-")
        .tempdir()?;
    std::fs::create_dir(folder.path().join("debian"))?;
    std::fs::write(folder.path().join("debian/control"), CONTROL)?;
    let mut command = Command::new("dpkg-shlibdeps");
    command.arg("-O").arg(program).current_dir(folder.path());
    let said = said(&mut command, "dpkg-dev")?;
    let needs = said.trim().strip_prefix("shlibs:Depends=");
    let needs = needs.ok_or_else(|| Trouble::new("dpkg-shlibdeps names no library"))?;
    Ok(needs.split(", ").map(str::to_owned).collect())
}

/// The same as RPM's names for libraries, which all its systems share: `libasound.so.2()(64bit)`.
pub fn rpm(program: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("objdump");
    command.arg("-p").arg(program);
    Ok(in_rpms_words(&said(&mut command, "binutils")?))
}

/// Reads what objdump says of a program: `NEEDED libm.so.6`, and `required from libm.so.6:` above the versions.
fn in_rpms_words(headers: &str) -> Vec<String> {
    let mut needs = Vec::new();
    let mut versions_of = None;
    for line in headers.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["NEEDED", library] => needs.push(format!("{library}{WORD}")),
            ["required", "from", library] => versions_of = Some(library.trim_end_matches(':')),
            [hash, _, _, version] if hash.starts_with("0x") => {
                needs.extend(versions_of.map(|library| format!("{library}({version})(64bit)")));
            }
            _ => versions_of = None,
        }
    }
    // The loader has no package of its own on every system, and comes with the C library.
    needs.retain(|need| !need.starts_with("ld-linux"));
    needs.sort();
    needs
}

fn said(command: &mut Command, package: &str) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().during(format_args!(
        "starting {program} (apt-get install {package})"
    ))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("{program}: {}", why.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rpm_needs_the_libraries_and_the_versions_that_are_used() {
        let headers = "\
visio:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libasound.so.2
  NEEDED               ld-linux-x86-64.so.2
  NEEDED               libc.so.6
  RUNPATH              0x0000000000000010

Version References:
  required from libasound.so.2:
    0x0d4e2a56 0x00 07 ALSA_0.9
  required from libc.so.6:
    0x069691b4 0x00 03 GLIBC_2.34
    0x09691a75 0x00 02 GLIBC_2.2.5
";
        assert_eq!(
            in_rpms_words(headers),
            [
                "libasound.so.2()(64bit)",
                "libasound.so.2(ALSA_0.9)(64bit)",
                "libc.so.6()(64bit)",
                "libc.so.6(GLIBC_2.2.5)(64bit)",
                "libc.so.6(GLIBC_2.34)(64bit)",
            ]
        );
    }

    #[test]
    fn a_program_without_libraries_needs_none() {
        assert!(in_rpms_words("a.out: file format elf64-x86-64\n").is_empty());
    }
}
