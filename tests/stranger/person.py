"""The connection to one person: PROTOCOL.md, sections 7 to 9."""

import asyncio
import json
import os
import time

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from senses import Ear, Eye, Film, Tone
from server import Server

#: As tall as their picture is asked for, rows.
SHOWN = 180

#: Nothing is said over a channel in its first moments, seconds.
SETTLES = 0.3


def later(begin) -> None:
    """Begins once a channel that has opened has settled."""
    asyncio.get_running_loop().call_later(SETTLES, begin)


class Person:
    """Somebody in the call."""

    def __init__(self, server: Server, session: bytes, film: str, hertz: float):
        self.server, self.session, self.film, self.hertz = server, session, film, hertz
        self.name = ""
        self.eye, self.ear = Eye(), Ear()
        self.messages: list[str] = []
        self.peer: RTCPeerConnection | None = None
        self.link = 0
        self.early: list[dict] = []
        self.tasks: list[asyncio.Task] = []

    def open(self) -> RTCPeerConnection:
        """A new connection, with everything there will ever be: microphone, camera, screen, shared sound, two channels."""
        peer = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        peer.on("track", self.sense)
        peer.addTrack(Tone(self.hertz))
        peer.addTrack(Film(self.film))
        peer.addTransceiver("video", direction="recvonly")
        peer.addTransceiver("audio", direction="recvonly")
        control = peer.createDataChannel("control", negotiated=True, id=0)
        show = json.dumps({"show": {"camera": SHOWN}})
        control.on("open", lambda: later(lambda: control.send(show)))
        self.chat = peer.createDataChannel("chat", negotiated=True, id=1)
        self.chat.on("open", lambda: later(self.begin))
        self.chat.on("message", self.read)
        self.peer = peer
        return peer

    def sense(self, track) -> None:
        """The first of each kind is the microphone, or the camera; what is shared is not looked at."""
        if any(kind == track.kind for kind, _ in self.tasks):
            return
        feel = self.eye.watch if track.kind == "video" else self.ear.listen
        self.tasks.append((track.kind, asyncio.create_task(feel(track))))

    async def say(self, **message) -> None:
        await self.server.say(self.session, message)

    async def offer(self) -> None:
        self.link += 1
        peer = self.open()
        await peer.setLocalDescription(await peer.createOffer())
        await self.say(type="offer", link=self.link, sdp=peer.localDescription.sdp)

    async def hear(self, message: dict) -> None:
        """A message about the connection."""
        kind, link = message["type"], message.get("link")
        if kind == "offer" and link > self.link:
            self.link = link
            peer = self.open()
            await peer.setRemoteDescription(RTCSessionDescription(message["sdp"], "offer"))
            await peer.setLocalDescription(await peer.createAnswer())
            await self.say(type="answer", link=link, sdp=peer.localDescription.sdp)
            await self.use_early()
        elif kind == "answer" and link == self.link:
            answer = RTCSessionDescription(message["sdp"], "answer")
            await self.peer.setRemoteDescription(answer)
            await self.use_early()
        elif kind == "candidate":
            self.early.append(message)
            if self.peer and self.peer.remoteDescription:
                await self.use_early()
        elif kind == "ask_offer" and self.server.me < self.session and not self.peer:
            await self.offer()

    async def use_early(self) -> None:
        """Candidates wait for the description they belong to."""
        waiting, self.early = self.early, []
        for message in waiting:
            line = message["candidate"].removeprefix("candidate:")
            if not line or message["link"] != self.link:
                continue
            candidate = candidate_from_sdp(line)
            candidate.sdpMLineIndex = 0
            await self.peer.addIceCandidate(candidate)

    def begin(self) -> None:
        """The chat's channel is open: what I know, which is nothing, and something of my own."""
        self.chat.send(json.dumps({"know": [], "hand": None}))
        said = {"id": os.urandom(16).hex(), "at": int(time.time() * 1000), "text": "Greetings from afar"}
        self.chat.send(json.dumps({"say": said}))

    def read(self, data: str | bytes) -> None:
        message = json.loads(data)
        for said in [message.get("say"), message.get("told")]:
            if said:
                self.messages.append(said["text"])
        if "say" in message:
            self.chat.send(json.dumps({"got": [message["say"]["id"]]}))

    def report(self) -> dict:
        return {
            "name": self.name,
            "frames": self.eye.frames,
            "stamps": len(self.eye.numbers),
            "pitch": self.ear.pitch,
            "messages": self.messages,
        }

    async def close(self) -> None:
        for _, task in self.tasks:
            task.cancel()
        if self.peer:
            await self.peer.close()
