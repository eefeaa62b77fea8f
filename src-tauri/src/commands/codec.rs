//! The video codec, where it is not built in: fetched from Cisco, and removed again, as whoever uses it wishes.

use std::path::PathBuf;

use tauri::ipc::Channel;
use tauri::{AppHandle, Manager};
use visio_engine::codec::{self, FetchError};

use super::{Answer, blocking, guarded};
use crate::trouble::Trouble;

/// The codec's folder, in the app's own.
const FOLDER: &str = "codec";

/// Where it is kept.
pub fn folder(app: &AppHandle) -> tauri::Result<PathBuf> {
    Ok(app.path().app_local_data_dir()?.join(FOLDER))
}

/// Fetches it; the page is told how much has come, from 0 to 1.
#[tauri::command]
pub async fn codec_fetch(app: AppHandle, progress: Channel<f64>) -> Answer<()> {
    guarded(async {
        let folder = folder(&app).map_err(Trouble::internal)?;
        let fetched = codec::fetch(&folder, |now| {
            if let Some(of) = now.of.filter(|of| *of > 0) {
                // A page that has gone meanwhile needs no answer.
                let _ = progress.send(now.came as f64 / of as f64);
            }
        });
        fetched.await.map_err(|error| {
            tracing::warn!(%error, "the video codec was not fetched");
            Trouble::of_kind(match error {
                FetchError::NoneForThisSystem => "codecNone",
                FetchError::Unreachable(_) => "codecUnreachable",
                FetchError::SomethingElse => "codecSpoiled",
                FetchError::NotKept(_) => "codecNotKept",
            })
        })
    })
    .await
}

/// Removes it: from now on nobody is seen, until it is fetched again.
#[tauri::command]
pub async fn codec_remove(app: AppHandle) -> Answer<()> {
    let folder = folder(&app).map_err(Trouble::internal)?;
    blocking(move || codec::remove(&folder).map_err(Trouble::internal)).await
}
