//! The real window, driven through a whole call as its user would, in English and in French.

mod guest;
mod links;
mod near;
mod page;
mod seen;
mod share;
mod talk;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use visio_tests::chromium;
use visio_tests::{Binaries, Joined, Need, Participant, Server, workspace};

use self::page::{DOWN, ENTER, ESCAPE, Page, SOON, UP};
use crate::scenario::{ensure, scenario, scenario_with};

const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Own("visio-server"),
    Need::Own("visio-cli"),
    Need::Own("visio"),
    Need::Program("Xvfb", "xvfb"),
    Need::Program("WebKitWebDriver", "webkit2gtk-driver"),
];

/// What a network of its own takes besides.
const IN_A_NETWORK: &[Need] = &[Need::Root, Need::Program("ip", "iproute2")];

/// The companions' pictures: large enough to be read off the screen, small enough for two cores that do everything else too.
const COMPANION_CAMERA: &str = "pattern:640x360@15";

/// Set to a folder, the pictures that the documentation shows are saved there.
const PICTURES: &str = "VISIO_PICTURES";

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        scenario(
            "a person calls two others from the real window",
            NEEDS,
            || whole_call(&ENGLISH),
        ),
        scenario(
            "a French person calls two others from the real window",
            NEEDS,
            || whole_call(&FRENCH),
        ),
        scenario(
            "a person writes to another from the real window",
            NEEDS,
            talk::with_a_companion,
        ),
        scenario(
            "a person shares the display from the real window and sees what another shares",
            NEEDS,
            share::both_ways,
        ),
        scenario_with(
            "a person in the real window and a guest in a browser see each other",
            [NEEDS, chromium::NEEDS].concat(),
            guest::call,
        ),
        scenario_with(
            "a person without a server calls somebody on the same network",
            [NEEDS, IN_A_NETWORK].concat(),
            near::call,
        ),
    ];
    trials.extend(links::trials());
    trials
}

/// A language of the system, and the file that holds its words.
struct Language {
    locale: &'static str,
    words: &'static str,
}

const ENGLISH: Language = Language {
    locale: "en_GB.UTF-8",
    words: "en",
};
const FRENCH: Language = Language {
    locale: "fr_FR.UTF-8",
    words: "fr",
};

/// From the first start to the end of a call.
fn whole_call(language: &Language) -> Result<(), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let invite = server.invite()?;
    let companions = [
        join(&binaries, &invite, "Léa", "tone:440")?,
        join(&binaries, &invite, "Noé", "none")?,
    ];
    let devices = [
        ("VISIO_CAMERA", "pattern:640x360@15"),
        ("VISIO_MICROPHONE", "tone:330"),
        ("VISIO_SPEAKER", "none"),
    ];
    let window = Window {
        page: Page::open(&binaries, language.locale, &devices)?,
        words: words(language)?,
        language: language.words,
    };
    window.goes_from_home_to_the_lobby(&invite)?;
    window.goes_from_the_lobby_into_the_call()?;
    window.shows_both_companions_moving()?;
    window.mutes_and_unmutes()?;
    window.changes_the_camera_in_mid_call()?;
    window.leaves()?;
    window.tests_the_connection()?;
    drop(window);
    for companion in companions {
        let report = companion.leave()?;
        let me = report
            .peer("Camille")
            .ok_or("a companion did not meet the window")?;
        let decoded = me.video.as_ref().map_or(0, |video| video.frames_decoded);
        ensure(decoded > 10, || {
            format!("a companion saw only {decoded} frames of the window's user")
        })?;
    }
    Ok(())
}

fn join(binaries: &Binaries, invite: &str, name: &str, microphone: &str) -> Result<Joined, Failed> {
    Ok(Participant::new(binaries, invite, name)?
        .camera(COMPANION_CAMERA)
        .microphone(microphone)
        .join()?)
}

/// The words of a language, as the app has them.
fn words(language: &Language) -> Result<Value, Failed> {
    let file = workspace::root()
        .join("ui/i18n")
        .join(format!("{}.json", language.words));
    Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
}

struct Window {
    page: Page,
    words: Value,
    language: &'static str,
}

impl Window {
    fn goes_from_home_to_the_lobby(&self, invite: &str) -> Result<(), Failed> {
        self.page.wait_for("[data-screen=home]")?;
        self.says("h1", "home.title")?;
        self.page.type_into("#name", "Camille")?;
        // One character of the code is another: recognised before anybody is asked.
        self.page.type_into("#invite", &mistyped(invite))?;
        self.page.click("#join-button")?;
        self.page
            .wait_for("#invite-error[data-kind=inviteMistyped]")?;
        self.says("#invite-error", "trouble.inviteMistyped")?;
        self.save("home")?;
        self.nothing_is_cut_off()?;
        self.page.type_into("#invite", invite)?;
        self.page.press(ENTER)?;
        Ok(self.page.wait_for("[data-screen=lobby]")?)
    }

    fn goes_from_the_lobby_into_the_call(&self) -> Result<(), Failed> {
        self.page.wait_until(
            "['Léa', 'Noé'].every((name) => document.querySelector('#who-is-there').textContent.includes(name))",
            "the lobby to say who is there",
        )?;
        self.page.wait_for(".preview[data-picture=true]")?;
        self.moves(".preview", true)?;
        self.says("#lobby-join", "lobby.join")?;
        self.save("lobby")?;
        self.nothing_is_cut_off()?;
        self.page.click("#lobby-join")?;
        Ok(self.page.wait_for("[data-screen=call]")?)
    }

    fn shows_both_companions_moving(&self) -> Result<(), Failed> {
        self.page.wait_until(
            "document.querySelectorAll('[data-test=tile][data-picture=true]').length === 2",
            "two tiles with pictures",
        )?;
        for name in ["Léa", "Noé"] {
            let named = format!(
                "[...document.querySelectorAll('[data-test=tile]')].some((tile) => tile.innerText.includes('{name}'))"
            );
            self.page.wait_until(&named, name)?;
        }
        for tile in [
            "[data-test=tile]:nth-of-type(1)",
            "[data-test=tile]:nth-of-type(2)",
        ] {
            self.moves(tile, false)?;
        }
        self.save("call")?;
        self.nothing_is_cut_off()
    }

    fn mutes_and_unmutes(&self) -> Result<(), Failed> {
        for (press, on) in [(true, false), (false, true)] {
            if press {
                self.page.press('m')?;
            } else {
                self.page.click("#microphone-switch")?;
            }
            self.page
                .wait_for(&format!("#microphone-switch[aria-checked={on}]"))?;
            let state = self.page.invoke("call_state")?;
            ensure(state["me"]["microphone"]["muted"] == !on, || {
                format!("the engine thinks otherwise: {state}")
            })?;
        }
        Ok(())
    }

    fn changes_the_camera_in_mid_call(&self) -> Result<(), Failed> {
        self.page.click("#devices-button")?;
        // The test pattern is the last of the choices, "no camera" the one above it.
        self.page.press_on("[data-test=camera-select]", UP)?;
        self.page.wait_until(
            "document.querySelector('.tile.own').classList.contains('bare')",
            "no own picture",
        )?;
        let state = self.page.invoke("call_state")?;
        ensure(state["me"]["camera"]["spec"] == "none", || {
            format!("the engine has another camera: {state}")
        })?;
        self.page.press_on("[data-test=camera-select]", DOWN)?;
        self.page.wait_until(
            "!document.querySelector('.tile.own').classList.contains('bare')",
            "the own picture again",
        )?;
        self.page.press(ESCAPE)?;
        self.page.wait_until(
            "document.querySelector('#panel') === null",
            "the panel to close",
        )?;
        self.moves(".tile.own", true)
    }

    fn leaves(&self) -> Result<(), Failed> {
        let report = self.page.invoke("call_report")?;
        let drawn = report["window"]["tiles"].as_array().map_or(0, Vec::len);
        ensure(drawn == 3, || {
            format!(
                "frames of three tiles should have been drawn: {}",
                report["window"]
            )
        })?;
        self.says("#leave-button .word", "call.leave")?;
        self.page.click("#leave-button")?;
        self.page.wait_for("[data-screen=home]")?;
        self.says("#rejoin-button", "home.rejoin")
    }

    /// With the devices and the server of the call that was: nothing is wrong, and this server has no relay.
    fn tests_the_connection(&self) -> Result<(), Failed> {
        self.page.click("#settings-button")?;
        // The devices have been listed: what is below them stands still.
        self.page.wait_for("#settings [data-test=speaker-select]")?;
        self.page.click("#test-connection")?;
        self.page.wait_for("#conclusion[data-done=true]")?;
        self.says("#conclusion", "doctor.conclusion.direct")?;
        for check in ["camera", "microphone", "server"] {
            self.page
                .wait_for(&format!("#check-{check}[data-verdict=fine]"))?;
        }
        self.save("doctor")?;
        self.nothing_is_cut_off()?;
        self.page.press(ESCAPE)?;
        let closed = "document.querySelector('#doctor') === null";
        Ok(self.page.wait_until(closed, "the dialog to close")?)
    }

    /// The picture at `selector` is the test pattern, drawn anew all the time: its stamp can be read off the screen, and its
    /// number grows.
    fn moves(&self, selector: &str, mirrored: bool) -> Result<(), Failed> {
        let first = self.stamp_number(selector, mirrored, None)?;
        self.stamp_number(selector, mirrored, Some(first)).map(drop)
    }

    /// The number in the picture at `selector`, as soon as it is larger than `after`.
    fn stamp_number(
        &self,
        selector: &str,
        mirrored: bool,
        after: Option<u32>,
    ) -> Result<u32, Failed> {
        let deadline = Instant::now() + SOON;
        loop {
            let place = self.page.place(selector)?;
            let stamp = seen::stamp(&self.page.picture()?, place, mirrored);
            if let Some(stamp) =
                stamp.filter(|stamp| after.is_none_or(|after| stamp.number > after))
            {
                return Ok(stamp.number);
            }
            if Instant::now() > deadline {
                let file = self.picture_file("failed");
                self.page.picture()?.save(&file)?;
                let what = if after.is_some() {
                    "stands still"
                } else {
                    "is not the pattern"
                };
                return Err(format!(
                    "the picture at {selector} ({place:?}) {what}: see {}",
                    file.display()
                )
                .into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// An element says what the language's file has under `key`.
    fn says(&self, selector: &str, key: &str) -> Result<(), Failed> {
        let (said, words) = (
            self.page.text(selector)?,
            self.words[key].as_str().unwrap_or_default(),
        );
        ensure(said == words, || {
            format!("{selector} should say “{words}” and says “{said}”")
        })
    }

    /// No button, heading or label is too small for its words.
    fn nothing_is_cut_off(&self) -> Result<(), Failed> {
        let cut = self.page.eval(
            "return [...document.querySelectorAll('button, h1, h2, label, .word, p')]
                .filter((it) => it.offsetWidth > 1 && getComputedStyle(it).overflowX !== 'visible' && it.scrollWidth > it.clientWidth + 1)
                .map((it) => it.outerHTML)",
        )?;
        ensure(cut.as_array().is_some_and(Vec::is_empty), || {
            format!("cut off: {cut}")
        })
    }

    /// Saves what the display shows, for the documentation, if that is wanted.
    fn save(&self, screen: &str) -> Result<(), Failed> {
        if std::env::var_os(PICTURES).is_some() {
            self.page.picture()?.save(&self.picture_file(screen))?;
        }
        Ok(())
    }

    fn picture_file(&self, screen: &str) -> PathBuf {
        let folder = std::env::var_os(PICTURES).map_or_else(std::env::temp_dir, PathBuf::from);
        folder.join(format!("window-{}-{screen}.png", self.language))
    }
}

/// The invite with its last character replaced by another one.
fn mistyped(invite: &str) -> String {
    let (start, last) = invite.split_at(invite.len() - 1);
    format!("{start}{}", if last == "7" { "8" } else { "7" })
}
