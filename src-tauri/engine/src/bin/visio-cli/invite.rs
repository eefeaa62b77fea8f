//! `visio-cli invite`: make a room, print its link and nothing else.

use clap::Args;
use visio_engine::call::Trouble;
use visio_engine::signaling::create_room;
use visio_protocol::ServerUrl;

use crate::words::Words;

#[derive(Args)]
pub struct Options {
    /// The server's address, such as `call.example.org` or `http://127.0.0.1:8080`.
    #[arg(long, env = "VISIO_SERVER")]
    server: String,
    /// What `visio-server host-code` prints.
    #[arg(long, env = "VISIO_HOST_CODE", hide_env_values = true)]
    host_code: String,
}

pub async fn run(options: &Options, words: &Words) -> Result<(), String> {
    let server: ServerUrl = options
        .server
        .parse()
        .map_err(|_| words.trouble(&Trouble::ServerAddress))?;
    let invite = create_room(&server, &options.host_code)
        .await
        .map_err(|error| words.trouble(&Trouble::from(error)))?;
    println!("{}", invite.link());
    Ok(())
}
