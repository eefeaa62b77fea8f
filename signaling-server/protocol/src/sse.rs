//! Server-sent events as bytes: writing them, and reading them as they come off a connection.
//!
//! The reader is our own because memory must stay bounded whatever a server sends: a line without
//! an end is an error after 64 KiB, and an event of many short lines is too.

use std::fmt::Write as _;

/// The longest line and the longest data of one event, in bytes: a signal of the greatest length,
/// and its envelope.
pub const MAX_EVENT: usize = 64 * 1024;

/// The longest event id, in bytes. Longer ones are not kept, and the event comes without.
const MAX_ID: usize = 64;

/// One event as it stands on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// Where to go on from when the stream breaks, if the server says so.
    pub id: Option<String>,
    /// Its name; `message` when it has none.
    pub name: String,
    /// Its data; lines are separated by `\n`.
    pub data: String,
}

/// Why a stream can't be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A line or an event that is longer than any there is.
    #[error("the event stream has an endless line")]
    TooLong,
    /// Not text.
    #[error("the event stream is not text")]
    NotText,
}

/// Writes one event; `data` must be a single line.
pub fn write_event(id: &str, name: &str, data: &str) -> String {
    debug_assert!(!data.contains(['\r', '\n']));
    let mut text = String::with_capacity(id.len() + name.len() + data.len() + 24);
    let _ = write!(text, "id: {id}\nevent: {name}\ndata: {data}\n\n");
    text
}

/// A comment: what the server sends when it has nothing to say.
pub const HEARTBEAT: &str = ":\n\n";

/// Reads a stream piece by piece.
#[derive(Debug, Default)]
pub struct StreamReader {
    /// Bytes of a line that has not ended yet. Bounded by [`MAX_EVENT`].
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_cr: bool,
    /// No line has been read yet: a byte order mark may stand here.
    started: bool,
    id: Option<String>,
    name: String,
    /// Bounded by [`MAX_EVENT`].
    data: String,
    has_data: bool,
}

impl StreamReader {
    /// A reader at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes, and hands every event that is complete to `take`.
    ///
    /// # Errors
    /// [`StreamError`]; the reader is then of no further use.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(StreamEvent),
    ) -> Result<(), StreamError> {
        for byte in bytes {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = *byte == b'\r';
                    if let Some(event) = self.end_line()? {
                        take(event);
                    }
                }
                _ => {
                    self.after_cr = false;
                    if self.line.len() >= MAX_EVENT {
                        return Err(StreamError::TooLong);
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<StreamEvent>, StreamError> {
        let line = std::mem::take(&mut self.line);
        let mut line = std::str::from_utf8(&line).map_err(|_| StreamError::NotText)?;
        if !self.started {
            self.started = true;
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.data.len() + value.len() >= MAX_EVENT {
                    return Err(StreamError::TooLong);
                }
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.name),
            "id" if value.len() <= MAX_ID && value.chars().all(|c| c.is_ascii_graphic()) => {
                self.id = Some(value.to_owned());
            }
            // A comment, a reconnection time (the client has its own), or something of a later
            // version.
            _ => {}
        }
        Ok(None)
    }

    /// An event without data is none, as in the HTML standard.
    fn end_event(&mut self) -> Option<StreamEvent> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        has_data.then(|| StreamEvent {
            id: self.id.clone(),
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<StreamEvent>, StreamError> {
        let mut events = Vec::new();
        StreamReader::new().push(bytes, |event| events.push(event))?;
        Ok(events)
    }

    fn event(id: Option<&str>, name: &str, data: &str) -> StreamEvent {
        StreamEvent {
            id: id.map(str::to_owned),
            name: name.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn what_the_server_writes_is_read() {
        let text = write_event("a-1", "left", "{}") + HEARTBEAT + &write_event("a-2", "left", "[]");
        assert_eq!(
            read(text.as_bytes()),
            Ok(vec![
                event(Some("a-1"), "left", "{}"),
                event(Some("a-2"), "left", "[]")
            ])
        );
    }

    #[test]
    fn the_stream_may_come_in_pieces_of_any_size() {
        let text = write_event("a-1", "role", "{\"name\":\"é\"}");
        for size in 1..text.len() {
            let mut reader = StreamReader::new();
            let mut events = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                reader.push(piece, |event| events.push(event)).unwrap();
            }
            assert_eq!(
                events,
                vec![event(Some("a-1"), "role", "{\"name\":\"é\"}")],
                "pieces of {size}"
            );
        }
    }

    #[test]
    fn every_line_ending_of_the_standard_is_one() {
        for text in [
            "data:a\ndata: b\n\n",
            "data:a\rdata: b\r\r",
            "data:a\r\ndata: b\r\n\r\n",
            "\u{feff}data:a\ndata: b\n\n",
        ] {
            assert_eq!(
                read(text.as_bytes()),
                Ok(vec![event(None, "message", "a\nb")]),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_event_that_is_not_complete_is_not_given() {
        assert_eq!(read(b"id: 1\nevent: left\ndata: {}\n"), Ok(vec![]));
        assert_eq!(read(b"id: 1\nevent: left\n\n"), Ok(vec![]));
    }

    #[test]
    fn comments_unknown_fields_and_unusable_ids_are_ignored() {
        let long = "9".repeat(MAX_ID + 1);
        let text = format!(": hi\nweather: rain\nretry: 5\nid: {long}\nid: a\u{1}b\ndata\n\n");
        assert_eq!(read(text.as_bytes()), Ok(vec![event(None, "message", "")]));
    }

    #[test]
    fn an_endless_line_and_an_endless_event_are_errors() {
        assert_eq!(read(&vec![b'a'; MAX_EVENT + 1]), Err(StreamError::TooLong));
        let many = "data: aaaaaaaa\n".repeat(MAX_EVENT / 8 + 1);
        assert_eq!(read(many.as_bytes()), Err(StreamError::TooLong));
        let empty = "data\n".repeat(MAX_EVENT + 2);
        assert_eq!(read(empty.as_bytes()), Err(StreamError::TooLong));
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert_eq!(read(b"data: \xff\n\n"), Err(StreamError::NotText));
    }
}
