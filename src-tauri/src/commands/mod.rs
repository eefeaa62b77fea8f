//! What the page may ask for. Thin: each command hands on to what does the work, and says its errors as [`Trouble`].
//!
//! All are asynchronous and run off the main thread. A panic in one is an error for the page, not the end of the call.

mod call;
mod chat;
mod codec;
mod devices;
mod doctor;
mod screen;
mod settings;
mod system;

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tauri::Wry;
use tauri::ipc::Invoke;

pub use call::open_call;
pub use codec::folder as codec_folder;
pub use doctor::Doctor;

use crate::trouble::Trouble;

/// What a command answers.
type Answer<T> = Result<T, Trouble>;

/// Every command; `build.rs` and the window's capability name them too.
pub fn all() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        settings::settings_get,
        settings::settings_set,
        system::environment,
        system::copy_text,
        system::frames_endpoint,
        system::first_paint,
        devices::devices,
        devices::select_device,
        devices::set_muted,
        devices::set_noise_suppression,
        devices::set_music,
        devices::set_camera_off,
        devices::play_test_sound,
        screen::screens,
        screen::share_screen,
        doctor::doctor,
        codec::codec_fetch,
        codec::codec_remove,
        call::invite_check,
        call::link_take,
        call::call_create,
        call::call_host,
        call::call_open,
        call::call_join,
        call::call_leave,
        call::call_state,
        call::call_report,
        chat::chat_messages,
        chat::chat_say,
        chat::chat_react,
        chat::raise_hand,
        chat::open_link,
    ]
}

/// Does a command's work; a panic in it becomes an error.
async fn guarded<T>(work: impl Future<Output = Answer<T>>) -> Answer<T> {
    // What a panicking command leaves half done is behind locks that ignore poison, and is replaced whole by the next one.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Trouble::internal("it panicked")))
}

/// Does work that blocks, where blocking does no harm.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    tauri::async_runtime::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Trouble::internal(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_command_is_an_error_and_no_more() {
        let answer: Answer<()> = guarded(async { panic!("as if a command had a bug") }).await;
        assert_eq!(answer, Err(Trouble::of_kind("internal")));
        let answer: Answer<()> = blocking(|| panic!("as if a device driver had one")).await;
        assert_eq!(answer, Err(Trouble::of_kind("internal")));
    }
}
