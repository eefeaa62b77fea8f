//! `visio-cli doctor`: why there is no call, or that nothing stands in its way.

use std::collections::BTreeMap;
use std::sync::Mutex;

use clap::Args;
use serde_json::json;
use visio_engine::audio::{MicrophoneSpec, SpeakerSpec};
use visio_engine::call::Trouble;
use visio_engine::doctor::{Check, Examined, Finding, Verdict, conclude, examine};
use visio_engine::video::CameraSpec;
use visio_protocol::{Invite, ServerUrl};

use crate::words::Words;

#[derive(Args)]
pub struct Options {
    /// The server's address, such as `call.example.org` or `http://127.0.0.1:8080`.
    #[arg(long, env = "VISIO_SERVER")]
    server: Option<String>,
    /// An invite, quoted, instead of a server: with it, something is really sent through the relay.
    #[arg(long)]
    invite: Option<String>,
    /// What films, as in `visio-cli join`.
    #[arg(long, value_name = "SPEC", default_value = "default")]
    camera: CameraSpec,
    /// What records, as in `visio-cli join`.
    #[arg(long, value_name = "SPEC", default_value = "default")]
    microphone: MicrophoneSpec,
    /// What plays, as in `visio-cli join`.
    #[arg(long, value_name = "SPEC", default_value = "default")]
    speaker: SpeakerSpec,
    /// For programs: `{"findings": [{"check", "verdict", "words", "fill", "sentence"}], "conclusion"}`.
    #[arg(long)]
    json: bool,
}

/// Prints a line for each check. The last line, which sums them up, is an error where no call can be had.
pub async fn run(options: Options, words: &Words) -> Result<(), String> {
    let server = options.server.as_deref().map(str::parse::<ServerUrl>);
    let examined = Examined {
        server: server
            .transpose()
            .map_err(|_| words.trouble(&Trouble::ServerAddress))?,
        invite: (options.invite.as_deref().map(Invite::parse))
            .transpose()
            .map_err(|error| words.trouble(&Trouble::from(error)))?,
        camera: options.camera,
        microphone: options.microphone,
        speaker: options.speaker,
    };
    let found = Mutex::new(Found::default());
    examine(examined, |finding| {
        let Ok(mut found) = found.lock() else { return };
        found.all.insert(finding.check, finding);
        if !options.json {
            found.print(words);
        }
    })
    .await;
    let all: Vec<_> = match found.into_inner() {
        Ok(found) => found.all.into_values().collect(),
        Err(_) => Vec::new(),
    };
    let key = conclude(&all);
    let conclusion = words.say(key, &[]);
    if options.json {
        let findings: Vec<_> = all.iter().map(|finding| as_json(finding, words)).collect();
        println!("{}", json!({ "findings": findings, "conclusion": key }));
    }
    let stands_in_the_way = all.iter().any(|finding| finding.verdict == Verdict::Bad);
    if stands_in_the_way || key == "doctor.conclusion.noWay" {
        return Err(conclusion);
    }
    if !options.json {
        println!("\n{conclusion}");
    }
    Ok(())
}

/// What was found so far.
#[derive(Default)]
struct Found {
    all: BTreeMap<Check, Finding>,
    printed: usize,
}

impl Found {
    /// Prints what can be printed in order.
    fn print(&mut self, words: &Words) {
        while let Some(finding) = Check::ALL
            .get(self.printed)
            .and_then(|check| self.all.get(check))
        {
            let name = words.say(finding.check.words(), &[]);
            println!(
                "{} {name} · {}",
                mark(finding.verdict),
                sentence(finding, words)
            );
            self.printed += 1;
        }
    }
}

fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Fine => '✓',
        Verdict::Weak => '!',
        Verdict::Bad => '✗',
        Verdict::Skipped => '–',
    }
}

fn sentence(finding: &Finding, words: &Words) -> String {
    let fill: Vec<_> = finding
        .fill
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    words.say(&finding.words, &fill)
}

fn as_json(finding: &Finding, words: &Words) -> serde_json::Value {
    let mut value = serde_json::to_value(finding).unwrap_or_default();
    value["sentence"] = sentence(finding, words).into();
    value
}
