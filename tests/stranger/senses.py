"""What the stranger shows and says, and what it makes of what it sees and hears.

The test pattern and its stamp are Visio's test pictures, not part of the protocol.
"""

import asyncio
import fractions
import math
import struct
import time

import av
from aiortc import MediaStreamTrack, VideoStreamTrack

RATE = 48_000
BLOCK = RATE // 50


class Film(VideoStreamTrack):
    """The pictures of a file, again and again."""

    def __init__(self, file: str):
        super().__init__()
        with av.open(file) as film:
            self.pictures = list(film.decode(video=0))
        self.shown = 0

    async def recv(self):
        pts, base = await self.next_timestamp()
        # Half of the track's 30 pictures a second: the film has 15.
        picture = self.pictures[self.shown // 2 % len(self.pictures)]
        self.shown += 1
        picture.pts, picture.time_base = pts, base
        return picture


class Tone(MediaStreamTrack):
    """A sine."""

    kind = "audio"

    def __init__(self, hertz: float):
        super().__init__()
        self.hertz, self.sent, self.start = hertz, 0, None

    async def recv(self):
        self.start = self.start or time.time()
        await asyncio.sleep(max(0, self.start + self.sent / RATE - time.time()))
        angle = 2 * math.pi * self.hertz / RATE
        samples = [int(8000 * math.sin(angle * (self.sent + n))) for n in range(BLOCK)]
        frame = av.AudioFrame("s16", "mono", BLOCK)
        frame.planes[0].update(struct.pack(f"<{BLOCK}h", *samples))
        frame.sample_rate, frame.pts = RATE, self.sent
        frame.time_base = fractions.Fraction(1, RATE)
        self.sent += BLOCK
        return frame


class Eye:
    """Counts pictures, and reads the number in those of the test pattern."""

    def __init__(self):
        self.frames, self.numbers = 0, set()

    async def watch(self, track):
        while True:
            frame = await track.recv()
            self.frames += 1
            number = stamp(frame)
            if number is not None:
                self.numbers.add(number)


class Ear:
    """Tells the loudest of some pitches."""

    def __init__(self):
        self.pitch = None

    async def listen(self, track):
        samples: list[int] = []
        while True:
            frame = await track.recv()
            data = bytes(frame.planes[0])
            channels = len(frame.layout.channels)
            count = frame.samples * channels
            samples += struct.unpack(f"<{count}h", data[: 2 * count])[::channels]
            if len(samples) >= RATE // 2:
                self.pitch = pitch(samples)
                samples = []


def pitch(samples: list[int]) -> float | None:
    """Of a steady tone: by how often it rises through zero. None for silence."""
    if max(samples) < 300:
        return None
    rises = [n for n in range(1, len(samples)) if samples[n - 1] < 0 <= samples[n]]
    return RATE * (len(rises) - 1) / (rises[-1] - rises[0]) if len(rises) > 10 else None


def stamp(frame) -> int | None:
    """The number in the cells along the upper edge: 40 columns, 3 rows, each 2/45 of the height; CRC-16 at the end."""
    plane, width, height = frame.planes[0], frame.width, frame.height
    luma, stride, bits = memoryview(plane), plane.line_size, 0
    edges = [row * height * 2 // 45 for row in range(4)]
    for index in range(120):
        column, row = index % 40, index // 40
        left, right = column * width // 40, (column + 1) * width // 40
        x = (left + right) // 2
        y = (edges[row] + edges[row + 1]) // 2
        bits = bits << 1 | (luma[y * stride + x] > 124)
    content, check = bits >> 16, bits & 0xFFFF
    crc = 0xFFFF
    for byte in content.to_bytes(13, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return content >> 72 if crc == check else None
