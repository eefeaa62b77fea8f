//! How the guest's page looks and can be used: screenshots of real calls, judged by axe-core; and a call made by the keyboard alone.

use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use visio_tests::chromium::{PageGuest, Visit};
use visio_tests::workspace;

use super::{Media, NAME, SMALL, needs};
use crate::scenario::{Case, Outcome, Room, ensure, scenario_with};

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        (
            "a guest's page looks right and axe finds nothing in english",
            || looks("en"),
        ),
        (
            "a guest's page looks right and axe finds nothing in french",
            || looks("fr"),
        ),
        ("a guest makes a call by the keyboard alone", keyboard),
    ];
    let trial = |(sentence, run)| scenario_with(sentence, needs(), run);
    cases.into_iter().map(trial).collect()
}

/// A window, a phone held upright, and one that lies.
const VIEWS: [(&str, u32, u32, Option<f64>); 3] = [
    ("window", 1100, 720, None),
    ("phone", 390, 844, Some(2.0)),
    ("phone-lying", 844, 390, Some(2.0)),
];

fn looks(language: &str) -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let others = ["Léa", "Grand-père", "Inès"];
    let mut people = Vec::new();
    for name in others {
        people.push(room.guest(name)?.camera(SMALL).join()?);
    }
    let visit = Visit {
        language,
        ..media.visit()
    };
    let mut guest = PageGuest::open(&room.invite, &visit)?;
    let mut found = Vec::new();
    found.extend(look(&mut guest, language, "start")?);
    guest.enter(NAME)?;
    guest.wait_for(".preview[data-picture=true]")?;
    found.extend(look(&mut guest, language, "lobby")?);
    guest.click("#lobby-join")?;
    guest.sees(&others)?;
    found.extend(look(&mut guest, language, "call-4")?);
    guest.click("#people-button")?;
    guest.wait_for("#panel")?;
    found.extend(look(&mut guest, language, "people")?);
    found.extend(guest.complaints()?);
    drop(people);
    ensure(found.is_empty(), || found.join("\n"))
}

/// Saves what is shown in every view to `target/ui`, and tells what is wrong with it.
fn look(guest: &mut PageGuest, language: &str, what: &str) -> Result<Vec<String>, Failed> {
    let folder = workspace::root().join("target/ui");
    std::fs::create_dir_all(&folder)?;
    let mut found = Vec::new();
    for (view, width, height, phone) in VIEWS {
        guest.browser.resize(width, height, phone)?;
        guest
            .browser
            .wait_until(&format!("innerWidth === {width}"))?;
        move_pointer(guest)?;
        // Pictures and the layout follow within some frames.
        std::thread::sleep(std::time::Duration::from_millis(700));
        let picture = guest.browser.screenshot()?;
        std::fs::write(
            folder.join(format!("guest-{what}.{language}-{view}.png")),
            picture,
        )?;
        let wide = guest
            .browser
            .evaluate("document.documentElement.scrollWidth > innerWidth")?;
        if wide == true {
            found.push(format!("{what} is too wide for a {view}"));
        }
        if let Some(axe) = axe() {
            move_pointer(guest)?;
            let complaints = guest.axe(&std::fs::read_to_string(axe)?)?;
            found.extend(complaints.iter().map(|it| format!("{what}, {view}: {it}")));
        }
    }
    let (_, width, height, _) = VIEWS[0];
    guest.browser.resize(width, height, None)?;
    Ok(found)
}

/// Somebody is there: what fades when nobody moves does not fade while it is looked at.
fn move_pointer(guest: &mut PageGuest) -> Outcome {
    let moved = "dispatchEvent(new PointerEvent('pointermove', { bubbles: true }))";
    guest.browser.evaluate(moved)?;
    Ok(())
}

/// Where `npm ci` has put axe-core; without it the pages are only looked at, which is said.
fn axe() -> Option<PathBuf> {
    let file = workspace::root().join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        eprintln!("axe-core is missing, and judges nothing: run `npm ci` in the project's root");
    }
    file.is_file().then_some(file)
}

fn keyboard() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    let mut guest = PageGuest::open(&room.invite, &media.visit())?;
    tab_to(&mut guest, "name")?;
    for letter in "Zoe".chars() {
        guest.browser.press(&letter.to_string())?;
    }
    guest.browser.press("Enter")?;
    guest.wait_for("[data-screen=lobby]")?;
    tab_to(&mut guest, "lobby-join")?;
    guest.browser.press("Enter")?;
    guest.sees(&["Léa"])?;
    guest.browser.press("m")?;
    guest.wait_for("#microphone-switch[aria-checked=false]")?;
    tab_to(&mut guest, "camera-switch")?;
    guest.browser.press("Enter")?;
    guest.wait_for("#camera-switch[aria-checked=false]")?;
    tab_to(&mut guest, "people-button")?;
    guest.browser.press("Enter")?;
    guest.wait_for("#panel")?;
    guest.browser.press("Escape")?;
    guest.browser.wait_until(
        "!document.querySelector('#panel') && document.activeElement.id === 'people-button'",
    )?;
    tab_to(&mut guest, "leave-button")?;
    guest.browser.press("Enter")?;
    guest.wait_for("[data-screen=guest]")?;
    drop(lea);
    Ok(())
}

/// Presses Tab until the focus is on an element, at most as often as there can be something to stop at.
fn tab_to(guest: &mut PageGuest, id: &str) -> Outcome {
    for _ in 0..40 {
        let focused = guest.browser.evaluate("document.activeElement.id")?;
        if focused == id {
            return Ok(());
        }
        guest.browser.press("Tab")?;
    }
    Err(format!("the Tab key does not lead to {id}").into())
}
