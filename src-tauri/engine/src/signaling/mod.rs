//! The server's client: requests, event stream, sealing.
