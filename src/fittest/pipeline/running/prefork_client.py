"""Stands in for the interpreter of a job: asks the process that has the libraries loaded.

Run as `python -I -S prefork_client.py ADDRESS WORDS...`, where WORDS are what the interpreter was
called with. A call that is no script on one thread, or that nobody answers, goes to the
interpreter itself. To everybody else this process is the job: a signal sent to it reaches the
job, the job ends with it, and it ends as the job does. Imports little, for it starts every job.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

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


def hear() -> int:
    """Where the numbers of signals sent to this process can be read, from now on.

    A handler in Python runs between two instructions: a signal between the last of them and a
    blocking call would wait for that call's end. What is written here wakes `select`.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in FORWARDED:
        signal.signal(number, lambda number, frame: None)
    return read


def follow(connection: socket.socket, signals: int) -> int:
    """Wait for the job, forwarding signals; its exit status, or minus the signal that ended it."""
    while True:
        ready, _, _ = select.select([connection.fileno(), signals], [], [])
        if connection.fileno() in ready:
            break
        # Whoever looks after the job may be gone; then the connection tells.
        with contextlib.suppress(OSError):
            connection.send(os.read(signals, 1))
    told = connection.recv(1)
    if not told:  # whoever looked after the job was killed, and the job with it
        return -signal.SIGKILL
    return told[0] if told[0] < SIGNALLED else SIGNALLED - told[0]


def end_by(number: int) -> None:
    """End this process as a signal does that nobody handles."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def main() -> None:
    """Do as the interpreter would; see the module."""
    address, *words = sys.argv[1:]
    signals = hear()
    connection = ask(address, words)
    if connection is None:
        if select.select([signals], [], [], 0)[0]:
            end_by(os.read(signals, 1)[0])
        os.execv(sys.executable, [sys.executable, *words])
    status = follow(connection, signals)
    if status == -signal.SIGKILL:
        os.kill(os.getpid(), signal.SIGKILL)
    if status < 0:
        end_by(-status)
    sys.exit(status)


if __name__ == "__main__":
    main()
