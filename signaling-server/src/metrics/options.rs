//! What can be set about watching over the server.

use std::net::SocketAddr;

/// Numbers about the server, and whether it is well.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Watching over it")]
pub struct MetricsOptions {
    /// Where to answer /metrics (Prometheus) and /healthz, apart from where people come in: an
    /// address and a port. Without it nowhere. Anybody who reaches it may read the numbers.
    #[arg(
        id = "metrics-listen",
        long,
        value_name = "ADDR",
        env = "VISIO_METRICS_LISTEN"
    )]
    pub listen: Option<SocketAddr>,
}
