//! A TURN client over datagrams or a stream, made with another implementation of STUN than the
//! server's.

use crate::support::PATIENCE;
use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{
    ATTR_CHANNEL_NUMBER, ATTR_NONCE, ATTR_REALM, ATTR_REQUESTED_TRANSPORT, ATTR_USERNAME,
    ATTR_XOR_PEER_ADDRESS, ATTR_XOR_RELAYED_ADDRESS, AttrType,
};
use rtc_stun::error_code::ErrorCodeAttribute;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_REQUEST, Getter as _, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, Message, MessageType, Method,
    Setter as _, TransactionId,
};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use visio_protocol::relay::RelayAccess;

/// Some bidirectional stream.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How a client speaks to the relay.
pub enum Line {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>),
}

impl Line {
    pub async fn udp(relay: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(relay).await.unwrap();
        Self::Datagrams(socket)
    }

    pub async fn tcp(relay: SocketAddr) -> Self {
        Self::Stream(Box::new(TcpStream::connect(relay).await.unwrap()))
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Datagrams(socket) => drop(socket.send(bytes).await.unwrap()),
            Self::Stream(stream) => stream.write_all(bytes).await.unwrap(),
        }
    }

    /// The next message or ChannelData, without padding.
    pub async fn receive(&mut self) -> Vec<u8> {
        timeout(PATIENCE, self.next()).await.expect("in time")
    }

    async fn next(&mut self) -> Vec<u8> {
        match self {
            Self::Datagrams(socket) => {
                let mut bytes = vec![0; 2048];
                let length = socket.recv(&mut bytes).await.unwrap();
                bytes.truncate(length);
                bytes
            }
            Self::Stream(stream) => {
                let mut bytes = vec![0; 4];
                stream.read_exact(&mut bytes).await.unwrap();
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                let length = length + if bytes[0] < 0x40 { 20 } else { 4 };
                bytes.resize(length.next_multiple_of(4), 0);
                stream.read_exact(&mut bytes[4..]).await.unwrap();
                bytes.truncate(length);
                bytes
            }
        }
    }
}

pub struct TurnClient {
    pub line: Line,
    access: RelayAccess,
    realm: String,
    nonce: String,
    crypto: Arc<dyn RTCCryptoProvider>,
}

impl TurnClient {
    pub fn new(line: Line, access: &RelayAccess) -> Self {
        Self {
            line,
            access: access.clone(),
            realm: String::new(),
            nonce: String::new(),
            crypto: rtc_crypto::default_provider().unwrap(),
        }
    }

    /// A relayed address.
    pub async fn allocate(&mut self) -> SocketAddr {
        let answer = self.try_allocate().await.unwrap();
        let mut relayed = XorMappedAddress::default();
        relayed
            .get_from_as(&answer, ATTR_XOR_RELAYED_ADDRESS)
            .unwrap();
        SocketAddr::new(relayed.ip, relayed.port)
    }

    /// The answer, or the code by which it was refused.
    pub async fn try_allocate(&mut self) -> Result<Message, u16> {
        let fill = |message: &mut Message| message.add(ATTR_REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        let first = self.ask(METHOD_ALLOCATE, fill).await;
        if first.as_ref().is_err_and(|code| [401, 438].contains(code)) && !self.nonce.is_empty() {
            return self.ask(METHOD_ALLOCATE, fill).await;
        }
        first
    }

    /// Agrees on a channel for a peer.
    pub async fn bind(&mut self, number: u16, peer: SocketAddr) -> Result<Message, u16> {
        self.ask(METHOD_CHANNEL_BIND, |message| {
            let [a, b] = number.to_be_bytes();
            message.add(ATTR_CHANNEL_NUMBER, &[a, b, 0, 0]);
            let peer = XorMappedAddress {
                ip: peer.ip(),
                port: peer.port(),
            };
            peer.add_to_as(message, ATTR_XOR_PEER_ADDRESS).unwrap();
        })
        .await
    }

    /// Sends data over a channel.
    pub async fn say(&mut self, number: u16, data: &[u8]) {
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        if matches!(self.line, Line::Stream(_)) {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        self.line.send(&bytes).await;
    }

    /// Channel and data of the next ChannelData.
    pub async fn hear(&mut self) -> (u16, Vec<u8>) {
        let bytes = self.line.receive().await;
        let number = u16::from_be_bytes([bytes[0], bytes[1]]);
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        (number, bytes[4..4 + length].to_vec())
    }

    async fn ask(&mut self, method: Method, fill: impl Fn(&mut Message)) -> Result<Message, u16> {
        let mut request = Message::new();
        request.set_type(MessageType::new(method, CLASS_REQUEST));
        let id: [u8; 12] = rand_transaction();
        request.build(&[Box::new(TransactionId(id))]).unwrap();
        fill(&mut request);
        if !self.nonce.is_empty() {
            self.sign(&mut request);
        }
        FINGERPRINT.add_to(&mut request).unwrap();
        self.line.send(&request.raw).await;
        loop {
            let mut answer = Message::new();
            // ChannelData may come first.
            if answer.unmarshal_binary(&self.line.receive().await).is_err()
                || answer.transaction_id != request.transaction_id
            {
                continue;
            }
            FINGERPRINT.check(&answer).unwrap();
            let mut error = ErrorCodeAttribute::default();
            if error.get_from(&answer).is_err() {
                return Ok(answer);
            }
            let text = |kind: AttrType| TextAttribute::get_from_as(&answer, kind);
            if let (Ok(realm), Ok(nonce)) = (text(ATTR_REALM), text(ATTR_NONCE)) {
                (self.realm, self.nonce) = (realm.text, nonce.text);
            }
            return Err(error.code.0);
        }
    }

    fn sign(&self, request: &mut Message) {
        let texts = [
            (ATTR_USERNAME, &self.access.username),
            (ATTR_REALM, &self.realm),
            (ATTR_NONCE, &self.nonce),
        ];
        for (kind, text) in texts {
            TextAttribute::new(kind, text.clone())
                .add_to(request)
                .unwrap();
        }
        let integrity = MessageIntegrity::new_long_term_integrity_with_provider(
            self.access.username.clone(),
            self.realm.clone(),
            self.access.password.clone(),
            self.crypto.crypto(),
        );
        integrity.unwrap().add_to(request).unwrap();
    }
}

fn rand_transaction() -> [u8; 12] {
    let mut id = [0; 12];
    getrandom::fill(&mut id).unwrap();
    id
}
