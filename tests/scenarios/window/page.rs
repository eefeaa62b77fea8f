//! The real window under a virtual display, driven as its user would: by what is on it.
//!
//! WebKitWebDriver starts the app; every call here blocks until the page has answered.

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::prelude::*;
use tokio::runtime::Runtime;
use visio_tests::trouble::During;
use visio_tests::{Binaries, Display, Picture, Process, Result, Trouble, ports};

/// As `tauri.conf.json` has it. Without a window manager the window lies in the display's upper left corner.
pub const WIDTH: u32 = 1100;
/// See [`WIDTH`].
pub const HEIGHT: u32 = 720;

/// WebKitWebDriver listens within milliseconds, and starts the app within a second or two.
const READY: Duration = Duration::from_secs(30);

/// Within this the page does what was asked of it, on a machine under load too.
pub const SOON: Duration = Duration::from_secs(15);

/// Keys, as WebDriver names them.
pub const ENTER: char = '\u{e007}';
/// See [`ENTER`].
pub const ESCAPE: char = '\u{e00c}';
/// See [`ENTER`].
pub const UP: char = '\u{e013}';
/// See [`ENTER`].
pub const DOWN: char = '\u{e015}';

/// How often the page is asked whether it is so far.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The open window. Dropping it closes it.
pub struct Page {
    runtime: Runtime,
    driver: Option<WebDriver>,
    display: Display,
    // In this order: first what drives the window, then the files that it uses.
    _driving: Process,
    _files: TempDir,
}

impl Page {
    /// Opens the app with settings of its own, on a system that speaks `locale` (`fr_FR.UTF-8`).
    pub fn open(binaries: &Binaries, locale: &str, environment: &[(&str, &str)]) -> Result<Page> {
        Self::open_with(binaries, locale, environment, &[])
    }

    /// As [`Self::open`], with arguments.
    pub fn open_with(
        binaries: &Binaries,
        locale: &str,
        environment: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Page> {
        let display = Display::start(WIDTH, HEIGHT)?;
        let files = tempfile::Builder::new().prefix("visio-page-").tempdir()?;
        let address = ports::free_address()?;
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={}", address.port()))
            .env("DISPLAY", display.name())
            .env("GDK_BACKEND", "x11")
            // Without it WebKitGTK looks for graphics buffers that a virtual display has not, and draws nothing.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            // Without it the app refuses to be driven, and the driver waits for ever.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // Whoever runs the tests may be in a call.
            .env("VISIO_ALONE", "1")
            .env("LC_ALL", locale)
            .env("LANGUAGE", locale.split('_').next().unwrap_or(locale))
            .envs(environment.iter().copied());
        for home in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(home, files.path().join(home));
        }
        let driving = Process::spawn("WebKitWebDriver", &mut command)?;
        let deadline = Instant::now() + READY;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err(driving.trouble("does not listen"));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let mut capabilities = Capabilities::new();
        let app = json!({ "binary": binaries.path("visio")?, "args": arguments });
        capabilities
            .set("webkitgtk:browserOptions", app)
            .during("describing the app")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let opening = WebDriver::new(format!("http://{address}"), capabilities);
        let driver = runtime.block_on(async { tokio::time::timeout(READY, opening).await });
        let driver = driver.map_err(|_| driving.trouble("did not open the window"))?;
        let driver = driver.during("opening the window")?;
        Ok(Page {
            runtime,
            driver: Some(driver),
            display,
            _driving: driving,
            _files: files,
        })
    }

    /// What the page computes.
    pub fn eval(&self, script: &str) -> Result<Value> {
        self.drive(async |driver| {
            driver
                .execute(script, [])
                .await
                .map(|answer| answer.json().clone())
        })
    }

    /// What one of the app's commands answers, asked from the page.
    pub fn invoke(&self, command: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0]; window.__TAURI__.core.invoke('{command}').then(done, (trouble) => done({{ trouble }}));"
        );
        self.drive(async |driver| {
            driver
                .execute_async(script, [])
                .await
                .map(|answer| answer.json().clone())
        })
    }

    /// Goes from the first screen into a call.
    pub fn join(&self, name: &str, invite: &str) -> Result<()> {
        self.wait_for("[data-screen=home]")?;
        self.type_into("#name", name)?;
        self.type_into("#invite", invite)?;
        self.press(ENTER)?;
        self.wait_for("[data-screen=lobby]")?;
        self.click("#lobby-join")?;
        self.wait_for("[data-screen=call]")
    }

    /// Waits until there is an element that fits.
    pub fn wait_for(&self, selector: &str) -> Result<()> {
        self.wait_until(
            &format!("document.querySelector({}) !== null", json!(selector)),
            selector,
        )
    }

    /// Waits until the page finds an expression true; `what` is for the message when it never does.
    pub fn wait_until(&self, expression: &str, what: &str) -> Result<()> {
        let deadline = Instant::now() + SOON;
        while self.eval(&format!("return Boolean({expression})"))? != json!(true) {
            if Instant::now() > deadline {
                let shown = self.eval("return document.body.innerText")?;
                return Err(Trouble::new(format!(
                    "waited in vain for {what}; the window says: {shown}"
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// The text of an element, as it is shown.
    pub fn text(&self, selector: &str) -> Result<String> {
        self.wait_for(selector)?;
        self.drive(async |driver| driver.find(By::Css(selector)).await?.text().await)
    }

    /// Clicks where the element is.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.wait_for(selector)?;
        self.drive(async |driver| driver.find(By::Css(selector)).await?.click().await)
    }

    /// Replaces what a field holds by what is typed.
    pub fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        self.wait_for(selector)?;
        self.drive(async |driver| {
            let field = driver.find(By::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        })
    }

    /// Presses one key, wherever the focus is.
    pub fn press(&self, key: char) -> Result<()> {
        self.drive(async |driver| driver.action_chain().send_keys(key).perform().await)
    }

    /// Moves the focus to an element and presses one key.
    pub fn press_on(&self, selector: &str, key: char) -> Result<()> {
        self.wait_for(selector)?;
        self.eval(&format!(
            "document.querySelector({}).focus()",
            json!(selector)
        ))?;
        self.press(key)
    }

    /// Where an element is: left, top, width and height, in whole pixels.
    pub fn place(&self, selector: &str) -> Result<[u32; 4]> {
        let script = format!(
            "const box = document.querySelector({}).getBoundingClientRect(); return [box.left, box.top, box.width, box.height].map(Math.round)",
            json!(selector)
        );
        Ok(serde_json::from_value(self.eval(&script)?)?)
    }

    /// The display's name.
    pub fn display(&self) -> &str {
        self.display.name()
    }

    /// What the display shows.
    pub fn picture(&self) -> Result<Picture> {
        self.display.picture()
    }

    fn drive<T>(&self, work: impl AsyncFnOnce(&WebDriver) -> WebDriverResult<T>) -> Result<T> {
        let driver = self
            .driver
            .as_ref()
            .ok_or_else(|| Trouble::new("the window is closed"))?;
        self.runtime
            .block_on(work(driver))
            .during("driving the window")
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // It may have ended by itself, which is for the test to judge.
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}
