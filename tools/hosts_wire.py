#!/usr/bin/env python3
"""The wire of tools/hosts.sh where the kernel has no netem: a hub of tap devices that delays and loses frames.

  hosts_wire.py DELAY_MS LOSS_PERCENT TAP ...

The taps are made, "ready" is said, and every frame of one is given to all others, until the hub is ended.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def tap(name):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return file


def main():
    delay, loss = float(sys.argv[1]) / 1000, float(sys.argv[2]) / 100
    taps = [tap(name) for name in sys.argv[3:]]
    print("ready", flush=True)
    random.seed(1)
    waiting, order = [], 0
    poll = select.poll()
    for file in taps:
        poll.register(file, select.POLLIN)
    while True:
        rest = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        for file, _ in poll.poll(rest * 1000):
            for _ in range(64):
                try:
                    frame = os.read(file, 65536)
                except OSError:  # none left, or the link is down
                    break
                if random.random() >= loss:
                    order += 1
                    heapq.heappush(waiting, (time.monotonic() + delay, order, file, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, source, frame = heapq.heappop(waiting)
            for file in taps:
                if file != source:
                    try:
                        os.write(file, frame)
                    except OSError:  # the link is down, or its queue is full: a frame lost
                        pass


main()
