"""Stands in for the interpreter of a job: asks the process that has the libraries loaded.

Run as `python -I -S prefork_client.py ADDRESS WORDS...`, where WORDS are what the interpreter was
called with. A call that is no script on one thread, or that nobody answers, goes to the
interpreter itself. To everybody else this process is the job: a signal sent to it reaches the
job, the job ends with it, and it ends as the job does. Imports little, for it starts every job.
"""

import json
import os
import signal
import socket
import sys
from types import FrameType

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
ANSWER = b"ok"
SIGNALLED = 128
"""Added to the number of the signal that ended a job, in the byte that tells how it ended."""


def ask(address: str, words: list[str]) -> socket.socket | None:
    """A connection on which a job runs; None where it cannot be had."""
    one_thread = os.environ.get("OMP_NUM_THREADS") == "1"
    if not (one_thread and len(words) == 1 and words[0].endswith(".py")):
        return None
    umask = os.umask(0)
    os.umask(umask)
    folder = os.getcwd()  # noqa: PTH109 (pathlib costs more than all else here)
    request = json.dumps(
        {"script": words[0], "folder": folder, "variables": dict(os.environ), "umask": umask}
    ).encode()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(address)
        socket.send_fds(connection, [b"%20d" % len(request)], [0, 1, 2])
        connection.sendall(request)
        if connection.recv(len(ANSWER)) == ANSWER:
            return connection
    except OSError:
        pass
    connection.close()
    return None


def follow(connection: socket.socket) -> int:
    """Wait for the job; its exit status, or minus the signal that ended it."""

    def forward(number: int, frame: FrameType | None) -> None:
        connection.send(bytes([number]))

    for number in FORWARDED:
        signal.signal(number, forward)
    told = connection.recv(1)
    if not told:  # whoever looked after the job was killed, and the job with it
        return -signal.SIGKILL
    return told[0] if told[0] < SIGNALLED else SIGNALLED - told[0]


def main() -> None:
    """Do as the interpreter would; see the module."""
    address, *words = sys.argv[1:]
    connection = ask(address, words)
    if connection is None:
        os.execv(sys.executable, [sys.executable, *words])
    status = follow(connection)
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
