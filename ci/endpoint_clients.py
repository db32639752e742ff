#!/usr/bin/env python3
"""Clients that an endpoint would rather not have. Each prints its figures as `name value` lines.

usage: endpoint_clients.py slowloris|readers|hold ADDRESS PID
"""

import os
import select
import socket
import struct
import sys
import threading
import time

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def connect(receive_buffer=None):
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(60)
    client.connect(address)
    return client


def scrape():
    """Seconds that a whole scrape takes; an hour if it fails."""
    begin = time.monotonic()
    try:
        with connect() as client:
            client.sendall(SCRAPE)
            first = client.recv(65_536)
            if not first.startswith(b"HTTP/1.1 200"):
                return 3_600.0
            while client.recv(1 << 20):
                pass
    except OSError:
        return 3_600.0
    return time.monotonic() - begin


def resident():
    """Bytes of memory of the program that are not of files."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return 0


def processor_seconds():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    """Scrapes and looks at the memory while something else goes on."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.seconds, self.most = threading.Event(), [], 0

    def run(self):
        sampler = threading.Thread(target=self.sample, daemon=True)
        sampler.start()
        while not self.ended.wait(0.2):
            self.seconds.append(scrape())
        sampler.join()

    def sample(self):
        while not self.ended.wait(0.002):
            self.most = max(self.most, resident())

    def p99_ms(self):
        self.ended.set()
        self.join()
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] * 1_000


def is_closed(client):
    """Reads a byte at most, and says whether the other side has ended the connection."""
    poll = select.poll()
    poll.register(client, select.POLLIN)
    events = poll.poll(0)
    if not events:
        return False
    if events[0][1] & (select.POLLERR | select.POLLHUP):
        return True
    try:
        return client.recv(1) == b""
    except OSError:
        return True


def close_times(clients, seconds, each):
    """Seconds until each connection was closed, for those that were within the time. A byte a second goes each way."""
    begin, times = time.monotonic(), []
    while clients and time.monotonic() - begin < seconds:
        for client in list(clients):
            each(client)
            if is_closed(client):
                clients.remove(client)
                times.append(time.monotonic() - begin)
        time.sleep(1)
    return times


def slowloris():
    clients = [connect() for _ in range(200)]
    for client in clients:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX")
    watch = Watch()
    watch.start()

    def trickle(client):
        try:
            client.send(b"a")
        except OSError:
            pass

    times = close_times(clients, 14, trickle)
    print("closed", sum(taken <= 11 for taken in times))
    print("scrape_p99_ms", round(watch.p99_ms(), 1))


def readers():
    scrape()
    body = 0
    with connect() as client:
        client.sendall(SCRAPE)
        while piece := client.recv(1 << 20):
            body += len(piece)
    before, clients = resident(), []
    watch = Watch()
    watch.start()
    for _ in range(64):
        client = connect(4_096)
        client.sendall(SCRAPE)
        clients.append(client)
        time.sleep(0.02)
    times = close_times(clients, 32, lambda client: None)
    print("closed", len(times))
    print("last_s", round(max(times, default=0)))
    print("scrape_p99_ms", round(watch.p99_ms(), 1))
    print("memory_kib", (watch.most - before) >> 10)
    print("allowed_kib", (2 * body + 64 * (64 << 10)) >> 10)


def hold():
    """More connections than the program has descriptors for."""
    clients = []
    for _ in range(200):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(address)
        clients.append(client)
    time.sleep(1)
    begin, before = time.monotonic(), processor_seconds()
    time.sleep(4)
    print("processor_percent", round(100 * (processor_seconds() - before) / (time.monotonic() - begin), 1))
    for client in clients:
        # Suddenly, so that the other side knows at once.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    released = time.monotonic()
    while time.monotonic() - released < 30 and scrape() > 60:
        pass
    print("back_s", round(time.monotonic() - released, 2))


host, port = sys.argv[2].rsplit(":", 1)
address, pid = (host, int(port)), int(sys.argv[3])
{"slowloris": slowloris, "readers": readers, "hold": hold}[sys.argv[1]]()
