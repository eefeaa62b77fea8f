"""The server: requests and the event stream. PROTOCOL.md, sections 3, 5 and 6."""

import asyncio
import hashlib
import http.client
import json
import os
import threading

from invite import Invite
from sealing import Sealing, base64url


def session(side: str) -> tuple[bytes, bytes]:
    """A session whose id is smaller than most others', or greater: of two people, the smaller offers."""
    wanted = {"offers": 0x00, "answers": 0xFF}[side]
    while True:
        secret = os.urandom(32)
        me = hashlib.sha256(b"visio 1 session" + secret).digest()[:16]
        if me[0] == me[1] == wanted:
            return secret, me


class Server:
    """One session at one server, in one room."""

    def __init__(self, invite: Invite, side: str):
        self.invite = invite
        secret, self.me = session(side)
        self.bearer = "Bearer " + base64url(secret)
        self.sealing = Sealing(invite.sealing, invite.room, self.me)
        self.room = "/v1/rooms/" + invite.room.hex()
        self.events: asyncio.Queue = asyncio.Queue()
        self.sending = asyncio.Lock()

    def connect(self) -> http.client.HTTPConnection:
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        return kinds[self.invite.scheme](self.invite.host, timeout=30)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """One request, answered."""
        connection = self.connect()
        try:
            headers = {"Visio-Protocol": "1", "Authorization": self.bearer}
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.getheader("Visio-Protocol") != "1" or answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
            return json.loads(text) if text else {}
        finally:
            connection.close()

    async def enter(self) -> list[bytes]:
        """Goes into the call; who else is there."""
        body = {"admission": self.invite.admission.hex(), "role": "calling", "returning": False}
        entered = await asyncio.to_thread(self.ask, "PUT", self.room + "/me", body)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self.listen, args=[loop], daemon=True).start()
        asyncio.create_task(self.live(entered["keepalive_ms"] / 1000))
        return [bytes.fromhex(other["session"]) for other in entered["present"]]

    async def live(self, every: float) -> None:
        """Says again and again that this session lives."""
        while True:
            await asyncio.sleep(every)
            await asyncio.to_thread(self.ask, "POST", "/v1/alive")

    async def say(self, to: bytes | None, message: dict) -> None:
        """Seals a message and hands it over, in order."""
        async with self.sending:
            sealed = self.sealing.seal(to, message)
            signal = {"to": "room" if to is None else to.hex(), "sealed": sealed}
            body = {"signals": [signal]}
            await asyncio.to_thread(self.ask, "POST", self.room + "/signals", body)

    async def leave(self) -> None:
        await asyncio.to_thread(self.ask, "DELETE", self.room + "/me")

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reads the event stream, on a thread of its own, for as long as it lasts."""
        connection = self.connect()
        headers = {"Visio-Protocol": "1", "Authorization": self.bearer}
        connection.request("GET", "/v1/events", None, headers)
        stream = connection.getresponse()
        name, data = "message", []
        for line in stream:
            line = line.decode().rstrip("\r\n")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not line:
                if data:
                    event = (name, json.loads("\n".join(data)))
                    loop.call_soon_threadsafe(self.events.put_nowait, event)
                name, data = "message", []
