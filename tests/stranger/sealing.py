"""What people say to one another, sealed: PROTOCOL.md, section 4."""

import base64
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
OVERHEAD = 1 + 8 + 12 + 16


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Sealing:
    """Seals as one session of a room, and opens what is meant for it."""

    def __init__(self, key: bytes, room: bytes, me: bytes):
        self.cipher = AESGCM(key)
        self.room = room
        self.me = me
        self.sent = 0
        self.heard: dict[bytes, int] = {}

    def bound(self, sender: bytes, to: bytes | None, sequence: bytes) -> bytes:
        recipient = b"\x00" + bytes(16) if to is None else b"\x01" + to
        return VERSION + self.room + sender + recipient + sequence

    def seal(self, to: bytes | None, message: dict) -> str:
        """To one session, or to the room."""
        self.sent += 1
        sequence, nonce = self.sent.to_bytes(8, "big"), os.urandom(12)
        data = json.dumps(message).encode()
        sealed = self.cipher.encrypt(nonce, data, self.bound(self.me, to, sequence))
        return base64url(VERSION + sequence + nonce + sealed)

    def open(self, sender: bytes, to: bytes | None, text: str) -> dict | None:
        """None for what is to be refused."""
        sealed = unbase64url(text)
        if len(sealed) < OVERHEAD or sealed[:1] != VERSION:
            return None
        sequence, nonce = sealed[1:9], sealed[9:21]
        try:
            data = self.cipher.decrypt(nonce, sealed[21:], self.bound(sender, to, sequence))
        except InvalidTag:
            return None
        number, last = int.from_bytes(sequence, "big"), self.heard.get(sender)
        if (last is None and to is None) or (last is not None and number <= last):
            return None
        self.heard[sender] = number
        return json.loads(data)
