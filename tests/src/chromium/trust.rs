//! Whose certificates a browser believes beside those that every browser does: kept where Chromium looks on Linux, in the home of its user.

use std::path::Path;
use std::process::Command;

use crate::{Process, Result};

/// It only writes some files.
const WRITES: std::time::Duration = std::time::Duration::from_secs(20);

/// Has browsers whose user's home this is believe in a certificate, also where it is no page that shows it.
pub(super) fn trust(home: &Path, certificate: &Path) -> Result<()> {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database)?;
    let database = format!("sql:{}", database.display());
    let run = |words: &[&str]| {
        let mut command = Command::new("certutil");
        Process::spawn("certutil", command.args(["-d", &database]).args(words))?.succeed(WRITES)
    };
    run(&["-N", "--empty-password"])?;
    let path = certificate.display().to_string();
    run(&["-A", "-n", "server", "-t", "CP,,", "-i", &path])
}
