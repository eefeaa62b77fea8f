//! The guest's kernel and the files it boots from: Debian's kernel package, fetched once and kept below the build folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::trouble::During;
use crate::{Process, Result, Trouble, need, workspace};

/// What always depends on the newest kernel of the system's release.
const KERNEL_METAPACKAGE: &str = "linux-image-amd64";

/// The modules without which the guest cannot reach the host's files.
const FIRST_MODULES: &[&str] = &["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/// Downloading and unpacking some hundred megabytes.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

/// A kernel ready to boot.
#[derive(Debug, Clone)]
pub struct Kernel {
    tree: PathBuf,
    version: String,
    image: PathBuf,
    first_files: PathBuf,
}

impl Kernel {
    /// The kernel in the cache, or else a fresh one. Needs Debian's package tools, kmod, cpio and busybox-static.
    pub fn prepare() -> Result<Self> {
        let cache = super::cache()?;
        let tree = cache.join("kernel");
        if !tree.is_dir() {
            let package = dependency_of(KERNEL_METAPACKAGE, "linux-image-")?;
            // Unpacked beside it and renamed, so that a half-done attempt is never taken for a whole one.
            let unpacking = cache.join("kernel.unpacking");
            unpack(&package, &cache, &unpacking)?;
            run(Command::new(tool("depmod")?)
                .arg("-b")
                .arg(&unpacking)
                .arg(version_in(&unpacking)?))?;
            std::fs::rename(&unpacking, &tree)?;
        }
        let version = version_in(&tree)?;
        let kernel = Self {
            image: cache.join("vmlinux"),
            first_files: cache.join("first-files.cpio"),
            tree,
            version,
        };
        if !kernel.image.is_file() {
            let packed = std::fs::read(
                kernel
                    .tree
                    .join("boot")
                    .join(format!("vmlinuz-{}", kernel.version)),
            )?;
            std::fs::write(&kernel.image, unpacked(&packed)?)?;
        }
        // Packed anew each time: it takes a moment, and follows every change of the init script.
        kernel.pack_first_files()?;
        Ok(kernel)
    }

    /// The folder below which its modules lie in `lib/modules`.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// Its release, such as `6.1.0-50-amd64`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What QEMU boots.
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// The files the kernel starts with: busybox, a few modules and `tests/guest/init`.
    pub fn first_files(&self) -> &Path {
        &self.first_files
    }

    fn pack_first_files(&self) -> Result<()> {
        let root = tempfile::Builder::new()
            .prefix("visio-guest-files-")
            .tempdir()?;
        for folder in [
            "bin", "proc", "sys", "dev", "host", "changes", "new", "modules",
        ] {
            std::fs::create_dir(root.path().join(folder))?;
        }
        std::fs::copy(tool("busybox")?, root.path().join("bin/busybox"))?;
        std::fs::copy(
            workspace::root().join("tests/guest/init"),
            root.path().join("init"),
        )?;
        run(Command::new("chmod")
            .arg("755")
            .arg(root.path().join("init")))?;
        let mut order = String::new();
        for file in self.files_of_modules(FIRST_MODULES)? {
            let name = file.file_name().unwrap_or_default();
            std::fs::copy(&file, root.path().join("modules").join(name))?;
            order.push_str(&format!("{}\n", name.to_string_lossy()));
        }
        std::fs::write(root.path().join("modules/order"), order)?;
        let archive = std::fs::File::create(&self.first_files)?;
        let mut cpio = Command::new("sh");
        cpio.args(["-c", "find . | cpio --quiet -o -H newc"])
            .current_dir(root.path())
            .stdout(archive);
        let status = cpio.status().during("packing the guest's first files")?;
        if status.success() {
            Ok(())
        } else {
            Err(Trouble::new("the guest's first files could not be packed"))
        }
    }

    /// The files of `modules` and of all they depend on, in the order in which they must be loaded.
    fn files_of_modules(&self, modules: &[&str]) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for module in modules {
            let mut command = Command::new(tool("modprobe")?);
            command
                .arg("-d")
                .arg(&self.tree)
                .args(["-S", &self.version, "--show-depends", module]);
            let listing = run(&mut command)?;
            for file in listing
                .lines()
                .filter_map(|line| line.strip_prefix("insmod "))
            {
                let file = PathBuf::from(file.trim());
                if !files.contains(&file) {
                    files.push(file);
                }
            }
        }
        Ok(files)
    }
}

/// The kernel release whose modules lie in `tree`.
fn version_in(tree: &Path) -> Result<String> {
    let mut modules = std::fs::read_dir(tree.join("lib/modules")).during("the kernel package")?;
    let folder = modules
        .next()
        .ok_or_else(|| Trouble::new("the kernel package holds no modules"))??;
    Ok(folder.file_name().to_string_lossy().into_owned())
}

/// The package on which `metapackage` depends and whose name begins with `prefix`.
pub fn dependency_of(metapackage: &str, prefix: &str) -> Result<String> {
    let listing = run(Command::new("apt-cache").args(["depends", metapackage]))?;
    let depends = listing
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    depends
        .filter(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .next()
        .ok_or_else(|| {
            Trouble::new(format!(
                "no package {metapackage} is known here; try apt-get update"
            ))
        })
}

/// Downloads a package without installing it, and unpacks its files into `folder`.
pub fn unpack(package: &str, cache: &Path, folder: &Path) -> Result<()> {
    let downloads = tempfile::Builder::new()
        .prefix("download-")
        .tempdir_in(cache)?;
    let mut download = Command::new("apt-get");
    download
        .args(["download", "-q", package])
        .current_dir(downloads.path());
    run(&mut download)?;
    let file = std::fs::read_dir(downloads.path())?
        .flatten()
        .map(|entry| entry.path());
    let file = file
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let file =
        file.ok_or_else(|| Trouble::new(format!("apt-get downloaded nothing for {package}")))?;
    run(Command::new("dpkg-deb").arg("-x").arg(file).arg(folder)).map(drop)
}

/// Takes the kernel proper out of a bzImage, whose own loader would unpack it slowly on an emulated processor. Offsets
/// are those of the kernel's boot protocol (Documentation/arch/x86/boot.rst, 2.08 and later).
fn unpacked(image: &[u8]) -> Result<Vec<u8>> {
    const SETUP_SECTORS: usize = 0x1f1;
    const PAYLOAD_OFFSET: usize = 0x248;
    const PAYLOAD_LENGTH: usize = 0x24c;
    const SECTOR: usize = 512;
    let broken = || Trouble::new("the kernel image is not one");
    let word = |at: usize| {
        let bytes = image.get(at..at + 4).ok_or_else(broken)?;
        Ok::<usize, Trouble>(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    let start = (usize::from(*image.get(SETUP_SECTORS).ok_or_else(broken)?) + 1) * SECTOR
        + word(PAYLOAD_OFFSET)?;
    // The payload ends with its unpacked size in four bytes, which are no part of the compressed stream.
    let payload = image
        .get(start..start + word(PAYLOAD_LENGTH)?.saturating_sub(4))
        .ok_or_else(broken)?;
    let program = match payload {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        _ => {
            return Err(Trouble::new(
                "the kernel is packed in a way that is not known here",
            ));
        }
    };
    let packed = tempfile::NamedTempFile::new()?;
    std::fs::write(packed.path(), payload)?;
    let mut command = Command::new(program);
    command
        .arg("-dc")
        .stdin(std::fs::File::open(packed.path())?)
        .stderr(Stdio::null());
    let kernel = command
        .output()
        .during(format_args!("unpacking the kernel with {program}"))?
        .stdout;
    if kernel.starts_with(b"\x7fELF") {
        Ok(kernel)
    } else {
        Err(broken())
    }
}

/// A program of the system, also from the folders that a plain user's path leaves out.
fn tool(name: &str) -> Result<PathBuf> {
    need::find_program(name).ok_or_else(|| Trouble::new(format!("{name} is not installed")))
}

/// Runs a helper program to its end and gives what it printed.
pub fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut process = Process::spawn(name, command)?;
    process.succeed(DOWNLOAD_LIMIT)?;
    Ok(process.stdout())
}
