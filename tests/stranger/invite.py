"""The invite and what follows from it: PROTOCOL.md, sections 1 and 2."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Invite:
    """Where to go, and the keys."""

    scheme: str
    host: str
    room: bytes
    admission: bytes
    sealing: bytes

    @staticmethod
    def parse(link: str) -> "Invite":
        """Reads `http(s)://HOST/j#CODE`."""
        parts = urlsplit(link)
        secret = secret_of(parts.fragment)

        def key(info: str, length: int) -> bytes:
            return HKDF(SHA256(), length, None, info.encode()).derive(secret)

        return Invite(
            parts.scheme,
            parts.netloc,
            key("visio 1 room id", 16),
            key("visio 1 admission key", 32),
            key("visio 1 sealing key", 32),
        )


def secret_of(code: str) -> bytes:
    """The 16 bytes in a code."""
    number = 0
    digits = code.upper().translate(str.maketrans("OIL", "011", "- "))
    for digit in digits:
        number = number * 32 + DIGITS.index(digit)
    everything = number.to_bytes(20, "big")
    if hashlib.sha256(everything[:17]).digest()[:3] != everything[17:] or everything[0] != 1:
        raise ValueError("this invite has a typing mistake")
    return everything[1:17]
