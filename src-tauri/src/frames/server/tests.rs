//! A real WebSocket client on loopback, against pictures that the test publishes.

use std::sync::Mutex;

use tokio::sync::watch;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use visio_engine::video::Frame;

use super::super::message::HEADER_BYTES;
use super::super::tile::TileId;
use super::*;

/// Long enough for loopback on a busy machine; only ever waited out when a test fails or nothing may come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long "nothing comes" is watched for.
const QUIET: Duration = Duration::from_millis(150);

/// One tile's newest picture (the user's own).
#[derive(Default)]
struct Easel {
    picture: Mutex<Option<Arc<Frame>>>,
    bell: watch::Sender<()>,
}

impl Easel {
    /// A new picture, all of one brightness by which it is recognised.
    fn publish(&self, brightness: u8) {
        let data = vec![brightness; 64 * 36 * 3 / 2];
        *self.picture.lock().unwrap() = Some(Arc::new(Frame {
            width: 64,
            height: 36,
            data,
            captured: Instant::now(),
        }));
        self.bell.send_replace(());
    }
}

impl Pictures for Easel {
    fn newest(&self, tile: TileId) -> Option<Arc<Frame>> {
        self.picture
            .lock()
            .unwrap()
            .clone()
            .filter(|_| tile == TileId::ME)
    }

    fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Stage {
    easel: Arc<Easel>,
    drawn: Arc<Drawn>,
    shown: Shown,
    server: FrameServer,
}

impl Stage {
    fn set() -> Stage {
        let (easel, drawn) = (Arc::<Easel>::default(), Arc::<Drawn>::default());
        let shown = Shown::default();
        let server = FrameServer::start(easel.clone(), drawn.clone(), shown.clone()).unwrap();
        Stage {
            easel,
            drawn,
            shown,
            server,
        }
    }

    async fn page(&self) -> Client {
        connect(&self.server.url(), Some("tauri://localhost"))
            .await
            .unwrap()
    }
}

async fn connect(url: &str, origin: Option<&str>) -> Result<Client, Error> {
    let mut request = url.into_client_request()?;
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert(header::ORIGIN, origin.parse().unwrap());
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

async fn say(page: &mut Client, word: impl Into<String>) {
    page.send(Message::text(word.into())).await.unwrap();
}

async fn show_me(page: &mut Client) {
    say(page, r#"{"tiles":[{"id":"me","width":64,"height":36}]}"#).await;
}

/// The next frame: its number, its size and its brightness.
async fn frame(page: &mut Client) -> (u32, (u16, u16), u8) {
    let message = tokio::time::timeout(PATIENCE, page.next())
        .await
        .expect("a frame in time")
        .unwrap()
        .unwrap();
    let bytes = message.into_data();
    let number = u32::from_le_bytes(bytes[20..24].try_into().unwrap());
    let width = u16::from_le_bytes([bytes[16], bytes[17]]);
    let height = u16::from_le_bytes([bytes[18], bytes[19]]);
    assert_eq!(
        bytes.len(),
        HEADER_BYTES + usize::from(width) * usize::from(height) * 3 / 2
    );
    (number, (width, height), bytes[HEADER_BYTES])
}

async fn nothing_comes(page: &mut Client) {
    assert!(
        tokio::time::timeout(QUIET, page.next()).await.is_err(),
        "no frame may come now"
    );
}

fn refused(result: Result<Client, Error>) -> bool {
    matches!(result, Err(Error::Http(response)) if response.status() == StatusCode::FORBIDDEN)
}

#[tokio::test]
async fn our_page_is_sent_the_newest_frame() {
    let stage = Stage::set();
    stage.easel.publish(1);
    stage.easel.publish(2);
    let mut page = stage.page().await;
    show_me(&mut page).await;
    let (_, size, brightness) = frame(&mut page).await;
    assert_eq!((size, brightness), ((64, 36), 2));
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let stage = Stage::set();
    let right = stage.server.url();
    let (address, token) = right.split_once("token=").unwrap();
    let other = if token.starts_with('0') { "1" } else { "0" };
    for wrong in [
        "",
        &token[1..],
        &format!("{other}{}", &token[1..]),
        &format!("{token}0"),
    ] {
        assert!(
            refused(
                connect(
                    &format!("{address}token={wrong}"),
                    Some("tauri://localhost")
                )
                .await
            ),
            "{wrong}"
        );
    }
    assert!(refused(
        connect(address.trim_end_matches('?'), Some("tauri://localhost")).await
    ));
}

#[tokio::test]
async fn a_wrong_origin_is_refused_even_with_the_token() {
    let stage = Stage::set();
    for origin in [
        None,
        Some("null"),
        Some("https://example.org"),
        Some("http://localhost"),
        Some("tauri://localhost.example.org"),
    ] {
        assert!(
            refused(connect(&stage.server.url(), origin).await),
            "{origin:?}"
        );
    }
}

#[tokio::test]
async fn never_more_than_one_frame_is_unacknowledged_and_the_newest_wins() {
    let stage = Stage::set();
    let mut page = stage.page().await;
    show_me(&mut page).await;
    stage.easel.publish(1);
    let (number, ..) = frame(&mut page).await;
    for brightness in 2..=9 {
        stage.easel.publish(brightness);
    }
    nothing_comes(&mut page).await;
    say(&mut page, format!(r#"{{"drawn":{number},"tile":"me"}}"#)).await;
    assert_eq!(frame(&mut page).await.2, 9);
    nothing_comes(&mut page).await;
    assert_eq!(stage.drawn.tiles()[0].frames_drawn, 1);
}

#[tokio::test]
async fn a_frame_is_scaled_to_its_tile() {
    let stage = Stage::set();
    stage.easel.publish(7);
    let mut page = stage.page().await;
    say(
        &mut page,
        r#"{"tiles":[{"id":"me","width":32,"height":18}]}"#,
    )
    .await;
    let (_, size, brightness) = frame(&mut page).await;
    assert_eq!((size, brightness), ((32, 18), 7));
}

#[tokio::test]
async fn what_a_page_babbles_is_ignored() {
    let stage = Stage::set();
    stage.easel.publish(1);
    let mut page = stage.page().await;
    for word in [
        "",
        "{",
        "[1,2]",
        r#"{"drawn":5,"tile":"me"}"#,
        r#"{"tiles":[{"id":"nobody","width":1,"height":1}]}"#,
    ] {
        say(&mut page, word).await;
    }
    page.send(Message::binary(vec![0xff; 100])).await.unwrap();
    show_me(&mut page).await;
    assert_eq!(frame(&mut page).await.2, 1);
    assert!(stage.drawn.tiles().is_empty());
}

#[tokio::test]
async fn a_word_that_is_too_long_costs_the_page_its_connection_and_nobody_elses() {
    let stage = Stage::set();
    let (mut babbler, mut page) = (stage.page().await, stage.page().await);
    // The server may hang up before all of it is sent.
    let _ = babbler
        .send(Message::text("x".repeat(MAX_WORD_BYTES + 1)))
        .await;
    let end = tokio::time::timeout(PATIENCE, babbler.next())
        .await
        .expect("the connection ends");
    assert!(!matches!(
        end,
        Some(Ok(Message::Binary(_) | Message::Text(_)))
    ));
    stage.easel.publish(3);
    show_me(&mut page).await;
    assert_eq!(frame(&mut page).await.2, 3);
}

#[tokio::test]
async fn what_the_page_shows_is_noted_until_the_page_is_gone() {
    let stage = Stage::set();
    let mut shown = stage.shown.follow();
    let mut page = stage.page().await;
    show_me(&mut page).await;
    let noted = tokio::time::timeout(PATIENCE, shown.wait_for(|tiles| tiles.is_some()));
    assert_eq!(*noted.await.unwrap().unwrap(), Some(vec![(TileId::ME, 36)]));
    drop(page);
    let gone = shown.wait_for(|tiles| tiles.as_ref().is_some_and(Vec::is_empty));
    tokio::time::timeout(PATIENCE, gone).await.unwrap().unwrap();
}
