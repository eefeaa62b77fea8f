//! How the parts are put together: what is made at start, and who is handed what.

use std::sync::Arc;
use std::time::Instant;

use tauri::{AppHandle, Emitter, Manager};
use visio_engine::codec;

use crate::call::Call;
use crate::closing::{self, Closing};
use crate::commands;
use crate::frames::drawn::Drawn;
use crate::frames::pull::{self, Puller};
use crate::frames::server::FrameServer;
use crate::frames::shown::Shown;
use crate::hosting::Hosting;
use crate::launch::Launch;
use crate::link::Link;
use crate::rehearsal::Rehearsal;
use crate::report::Reporter;
use crate::second_start;
use crate::settings_store::SettingsStore;
use crate::window;

/// The event that carries the call's state to the page.
const CALL_STATE: &str = "call-state";

/// The folder of the calls that are held on this computer, in the app's own.
const CALLS: &str = "calls";

/// Runs the app until its window is closed. `started` is when the process began, for the time to the first paint.
pub fn run(started: Instant) -> tauri::Result<()> {
    let launch = Launch::from_environment();
    let drawn = Arc::<Drawn>::default();
    let reporter = Reporter::new(started, launch.report.clone(), drawn.clone());
    let alone = launch.alone;
    let builder = tauri::Builder::default()
        .manage(launch)
        .manage(Link::of_this_start())
        .manage(reporter)
        .manage(Closing::default())
        .manage(commands::Doctor::default());
    // First of all: a second start ends here.
    let builder = if alone {
        builder
    } else {
        second_start::watch(builder)
    };
    builder
        .register_uri_scheme_protocol(pull::SCHEME, |context, request| {
            context.app_handle().state::<Puller>().answer(&request)
        })
        .invoke_handler(commands::all())
        .setup(move |app| {
            set_up(app.handle(), drawn)?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            second_start::on_run_event(app, &event);
            closing::on_run_event(app, event);
        });
    Ok(())
}

fn set_up(app: &AppHandle, drawn: Arc<Drawn>) -> Result<(), Box<dyn std::error::Error>> {
    codec::use_fetched(&commands::codec_folder(app)?);
    app.manage(SettingsStore::open(app.path().app_config_dir()?));
    app.manage(Hosting::new(app.path().app_local_data_dir()?.join(CALLS)));
    let page = app.clone();
    let call = Call::new(move |state| {
        if let Err(error) = page.emit(CALL_STATE, state) {
            tracing::warn!(%error, "the page could not be told of the call");
        }
    });
    let shown = call.shown();
    app.manage(Puller::new(call.pictures(), drawn.clone(), &shown));
    app.manage(FrameServer::start(call.pictures(), drawn, shown.clone())?);
    app.manage(call);
    ask_for_what_is_shown(app, shown);
    closing::on_signals(app);
    window::open(app)?;
    join_at_once(app);
    Ok(())
}

/// Tells whichever call is on how tall the page shows each person.
fn ask_for_what_is_shown(app: &AppHandle, shown: Shown) {
    let (app, mut tiles) = (app.clone(), shown.follow());
    tauri::async_runtime::spawn(async move {
        while tiles.changed().await.is_ok() {
            let shown = tiles.borrow_and_update().clone();
            if let Some(shown) = shown {
                app.state::<Call>().show(&shown).await;
            }
        }
    });
}

/// Goes straight into the call that the environment names, as `cargo xtask demo` asks, or into a rehearsal.
fn join_at_once(app: &AppHandle) {
    let launch = app.state::<Launch>();
    if let Some(people) = launch.rehearsal {
        let _runtime = tauri::async_runtime::handle().inner().enter();
        return app.state::<Call>().rehearse(Rehearsal::start(people));
    }
    if !launch.join {
        return;
    }
    let Some(invite) = launch.invite.clone() else {
        return;
    };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(trouble) = commands::open_call(&app, &invite, None, true).await {
            tracing::error!(
                ?trouble,
                "the call that the environment asks for can't be joined"
            );
        }
    });
}
