//! Streams on which nothing happens but the heartbeat: most of what a server of many families does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;

use crate::door::Door;
use crate::pace::AT_ONCE;
use crate::{Server, Trouble, member};

/// Long enough for a heartbeat on each.
const SETTLES: Duration = Duration::from_secs(20);

/// Opens them, says how many there are after a while, and keeps them.
pub async fn hold(server: &Server) -> Result<(), Trouble> {
    let door = Arc::new(Door::new(server.at, server.trust.as_deref())?);
    let members = member::families(server, &door).await?;
    let streams: Vec<_> = stream::iter(&members)
        .map(|member| member.listen(&door))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let listening: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            tokio::spawn(async move { while let Some(Ok(_)) = stream.frame().await {} })
        })
        .collect();
    tokio::time::sleep(SETTLES).await;
    let held = listening
        .iter()
        .filter(|stream| !stream.is_finished())
        .count();
    println!("{}", serde_json::json!({ "held": held }));
    std::future::pending().await
}
