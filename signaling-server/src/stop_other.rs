//! Being asked to stop: Ctrl-C, and on Windows nothing else reaches a program of the console.

/// Listens for it.
pub(crate) struct Stop;

impl Stop {
    /// Windows ends the program by itself until [`Stop::wait`] is called, which is at once.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Until somebody asks.
    pub(crate) async fn wait(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
