//! What the installers are made of is all there and agrees with itself, also what only the other systems' bundlers read: there
//! is no such system here to notice otherwise.

use std::collections::BTreeSet;

use serde_json::Value;
use visio_tests::workspace;

use super::app::BUNDLER;

fn read(path: &str) -> String {
    let file = workspace::root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn configuration() -> Value {
    serde_json::from_str(&read("src-tauri/tauri.conf.json")).expect("JSON")
}

fn words(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn every_file_that_the_bundlers_are_told_of_exists() {
    let bundle = &configuration()["bundle"];
    let mut files = words(&bundle["icon"]);
    for file in [
        &bundle["licenseFile"],
        &bundle["linux"]["deb"]["desktopTemplate"],
        &bundle["linux"]["rpm"]["desktopTemplate"],
        &bundle["windows"]["nsis"]["installerIcon"],
        &bundle["macOS"]["entitlements"],
        &bundle["macOS"]["infoPlist"],
    ] {
        files.push(file.as_str().expect("a file").to_owned());
    }
    let strings = bundle["macOS"]["files"].as_object().expect("files");
    files.extend(
        strings
            .values()
            .filter_map(Value::as_str)
            .map(str::to_owned),
    );
    for file in files {
        let path = workspace::root().join("src-tauri").join(&file);
        assert!(path.is_file(), "{file} is not there");
    }
}

#[test]
fn every_system_has_its_icon_and_its_installer() {
    let bundle = &configuration()["bundle"];
    let icons = words(&bundle["icon"]);
    for end in [".png", ".ico", ".icns"] {
        assert!(icons.iter().any(|icon| icon.ends_with(end)), "no {end}");
    }
    let targets = words(&bundle["targets"]);
    for target in ["deb", "rpm", "appimage", "nsis", "app", "dmg"] {
        assert!(targets.iter().any(|made| made == target), "no {target}");
    }
}

#[test]
fn macos_is_told_in_both_languages_why_it_is_asked() {
    let plist = read("src-tauri/macos/Info.plist");
    let keys = plist.lines().filter_map(|line| {
        let key = line.trim().strip_prefix("<key>")?;
        key.strip_suffix("UsageDescription</key>")
    });
    let asked: BTreeSet<&str> = keys.collect();
    assert_eq!(
        asked,
        BTreeSet::from(["NSCamera", "NSLocalNetwork", "NSMicrophone"])
    );
    for language in ["en", "fr"] {
        let strings = read(&format!(
            "src-tauri/macos/{language}.lproj/InfoPlist.strings"
        ));
        let keys = strings.lines().filter_map(|line| {
            let (key, _sentence) = line.split_once(" = ")?;
            key.strip_suffix("UsageDescription")
        });
        assert_eq!(keys.collect::<BTreeSet<_>>(), asked, "{language}");
    }
    let entitlements = read("src-tauri/macos/Entitlements.plist");
    for device in ["camera", "audio-input"] {
        let key = format!("<key>com.apple.security.device.{device}</key>");
        assert!(entitlements.contains(&key), "{key}");
    }
}

#[test]
fn links_are_registered_under_the_scheme_of_invites() {
    let schemes = &configuration()["plugins"]["deep-link"]["desktop"]["schemes"];
    assert_eq!(words(schemes), ["visio"]);
    let desktop = read("src-tauri/linux/visio.desktop");
    assert!(desktop.contains("MimeType={{mime_type}};"), "{desktop}");
    assert!(desktop.contains("Exec={{exec}} %u"), "{desktop}");
}

#[test]
fn the_workflows_use_the_same_versions() {
    let (test, release) = (
        read(".github/workflows/test.yml"),
        read(".github/workflows/release.yml"),
    );
    let rust = test
        .lines()
        .find_map(|line| line.trim().strip_prefix("RUST: "));
    let rust = rust.expect("a version").trim_matches('"');
    assert!(release.contains(&format!("RUST: \"{rust}\"")), "{rust}");
    assert!(release.contains(&format!("rust:{rust}-bookworm")), "{rust}");
    assert!(
        release.contains(&format!("BUNDLER: \"{BUNDLER}\"")),
        "{BUNDLER}"
    );
    let oldest = &configuration()["bundle"]["macOS"]["minimumSystemVersion"];
    let oldest = oldest.as_str().expect("a version");
    assert!(release.contains(&format!("MACOSX_DEPLOYMENT_TARGET: \"{oldest}\"")));
    let uses = |text: &str| -> Vec<String> {
        let used = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- uses: "));
        used.map(str::to_owned).collect()
    };
    for action in uses(&test).into_iter().chain(uses(&release)) {
        let commit = action.split_once('@').expect("a version").1;
        let commit = commit.split_whitespace().next().unwrap_or_default();
        assert!(commit.len() == 40, "{action} is not pinned to a commit");
    }
}
