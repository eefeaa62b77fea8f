"""Somebody with a WebRTC of another family, who joins a call of Visio by what PROTOCOL.md says and by nothing else.

    python tests/stranger INVITE --name NAME --film FILE.y4m --tone HZ --for SECONDS --side offers

Prints, as JSON, what came of it.
"""

import argparse
import asyncio
import json
import os

from invite import Invite
from person import Person
from server import Server


class Stranger:
    def __init__(self, options):
        self.options = options
        self.server = Server(Invite.parse(options.invite), options.side)
        self.id = os.urandom(16).hex()
        self.people: dict[bytes, Person] = {}

    async def greet(self, session: bytes | None) -> None:
        media = {"microphone_muted": False, "camera_off": False}
        hello = {"type": "hello", "person": self.id, "name": self.options.name, "media": media, "session_epoch": 0}
        await self.server.say(session, hello)

    async def meet(self, session: bytes, name: str) -> None:
        """They said who they are; of two, the one with the smaller session offers."""
        known = self.people.get(session)
        if known:
            known.name = name
            return
        person = Person(self.server, session, self.options.film, self.options.tone)
        person.name = name
        self.people[session] = person
        if self.server.me < session:
            await person.offer()

    async def take(self, event: str, data: dict) -> None:
        if data.get("room") != self.server.invite.room.hex():
            return
        if event == "arrived":
            await self.greet(bytes.fromhex(data["session"]))
        if event != "signal":
            return
        sender, to = bytes.fromhex(data["from"]), data["to"]
        to = None if to == "room" else bytes.fromhex(to)
        message = self.server.sealing.open(sender, to, data["sealed"])
        if not message:
            return
        if message["type"] == "hello":
            await self.meet(sender, message["name"])
        elif sender in self.people:
            await self.people[sender].hear(message)

    async def follow(self) -> None:
        while True:
            await self.take(*await self.server.events.get())

    async def run(self) -> None:
        for session in await self.server.enter():
            await self.greet(session)
        following = asyncio.create_task(self.follow())
        done, _ = await asyncio.wait([following], timeout=self.options.seconds)
        for task in done:
            task.result()
        people = list(self.people.values())
        report = [person.report() for person in people]
        await self.server.say(None, {"type": "bye"})
        for person in people:
            await person.close()
        await self.server.leave()
        print(json.dumps(report, ensure_ascii=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("invite")
    parser.add_argument("--name", required=True)
    parser.add_argument("--film", required=True)
    parser.add_argument("--tone", type=float, required=True)
    parser.add_argument("--for", dest="seconds", type=float, required=True)
    parser.add_argument("--side", choices=["offers", "answers"], required=True, help="of two, the smaller session offers")
    asyncio.run(Stranger(parser.parse_args()).run())
    # The thread that listens to the server may still wait for it.
    os._exit(0)


main()
