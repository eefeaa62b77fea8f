//! Gathers the guest's page to embed: what `ui/index.html` leads to and nothing else, each file compressed once, here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Error, Read as _, Result};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the page is developed.
const UI: &str = "../ui";

/// The page itself, from which everything else is reached.
const PAGE: &str = "index.html";

/// What is asked for by name only when it is needed, or has to come along: words, and the licences of others' code.
const FOLDERS: &[&str] = &["i18n", "vendor/licences"];

/// Content of files by their path.
type Files = BTreeMap<String, Vec<u8>>;

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let page = read(PAGE)?;
    let text = String::from_utf8(page).map_err(Error::other)?;
    let mut files = Files::new();
    for path in quoted(&text, &["href=\"", "src=\""]) {
        reach(&path, &mut files)?;
    }
    for folder in FOLDERS {
        for entry in fs::read_dir(Path::new(UI).join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !name.ends_with(".md") && !name.ends_with(".js") {
                let path = format!("{folder}/{name}");
                files.insert(path.clone(), read(&path)?);
            }
        }
    }
    let version = fingerprint(&text, &files);
    let page = placed(&text, &version, &files);
    write(&version, &page, &files)
}

fn read(path: &str) -> Result<Vec<u8>> {
    let place = Path::new(UI).join(path);
    println!("cargo:rerun-if-changed={}", place.display());
    fs::read(&place).map_err(|error| Error::other(format!("{}: {error}", place.display())))
}

/// A file, and all that it imports.
fn reach(path: &str, files: &mut Files) -> Result<()> {
    if files.contains_key(path) {
        return Ok(());
    }
    let content = read(path)?;
    let imported = if path.ends_with(".js") {
        quoted(
            &String::from_utf8_lossy(&content),
            &["from \"", "from\"", "import \"", "import\""],
        )
    } else {
        Vec::new()
    };
    files.insert(path.to_owned(), content);
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    for other in imported.iter().filter(|other| other.starts_with('.')) {
        reach(&joined(folder, other), files)?;
    }
    Ok(())
}

/// What stands in quotes behind one of these beginnings.
fn quoted(text: &str, beginnings: &[&str]) -> Vec<String> {
    let behind = |beginning: &&str| {
        let parts = text.split(*beginning).skip(1);
        let found: Vec<String> = parts
            .filter_map(|part| part.split_once('"'))
            .map(|(path, _)| path.to_owned())
            .collect();
        found
    };
    beginnings.iter().flat_map(behind).collect()
}

/// A relative path, from a folder.
fn joined(folder: &Path, relative: &str) -> String {
    let mut parts: Vec<String> = folder
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}

/// Tells one state of the files from another (FNV-1a, 64 bits): what a browser keeps is asked for by it.
fn fingerprint(page: &str, files: &Files) -> String {
    let named = files
        .iter()
        .flat_map(|(path, content)| [path.as_bytes(), content]);
    let hash = std::iter::once(page.as_bytes())
        .chain(named)
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

/// The page, which asks for this state of the files, and for all modules at once rather than one after the other.
fn placed(page: &str, version: &str, files: &Files) -> String {
    let mut placed = page.to_owned();
    for path in quoted(page, &["href=\"", "src=\""]) {
        placed = placed.replace(&format!("\"{path}\""), &format!("\"/ui/{version}/{path}\""));
    }
    let mut head = format!(
        "<meta name=\"version\" content=\"{}\" />\n",
        env!("CARGO_PKG_VERSION")
    );
    for path in files.keys().filter(|path| path.ends_with(".js")) {
        let _ = writeln!(
            head,
            "    <link rel=\"modulepreload\" href=\"/ui/{version}/{path}\" />"
        );
    }
    placed.replace("</head>", &format!("  {head}  </head>"))
}

/// Writes the compressed files, and the table of them.
fn write(version: &str, page: &str, files: &Files) -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| Error::other("no OUT_DIR"))?);
    let mut table = format!("pub(super) const VERSION: &str = \"{version}\";\n");
    let _ = writeln!(
        table,
        "pub(super) static PAGE: &[u8] = include_bytes!(\"page.gz\");"
    );
    fs::write(out.join("page.gz"), compressed(page.as_bytes())?)?;
    table += "pub(super) static FILES: &[(&str, &[u8])] = &[\n";
    for (number, (path, content)) in files.iter().enumerate() {
        let name = format!("file-{number}.gz");
        fs::write(out.join(&name), compressed(content)?)?;
        let _ = writeln!(table, "    (\"{path}\", include_bytes!(\"{name}\")),");
    }
    table += "];\n";
    fs::write(out.join("page.rs"), table)
}

fn compressed(content: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::GzEncoder::new(content, flate2::Compression::best()).read_to_end(&mut bytes)?;
    Ok(bytes)
}
