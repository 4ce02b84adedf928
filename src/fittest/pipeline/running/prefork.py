"""Jobs that need not load the libraries: they are copies of one process that has them loaded.

Loading pandas, Matplotlib and torch takes longer than most jobs on tiny networks. Snakemake gives
each script to an interpreter; prefork_client.py stands in for it and asks the process of this
module, which imports what earlier jobs have imported, forks, and lets the copy run the script in
the folder, with the variables and streams of whoever asked. A job stays a process of its own,
with its log, its exit status and its memory.

Only where that cannot change what a job computes: scripts on one thread (the number of threads of
BLAS and OpenMP is settled when they are loaded), on Linux, on the machine that Snakemake runs on.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from fittest.pipeline.running import prefork_client
from fittest.pipeline.running.prefork_client import ANSWER, SIGNALLED

LOADED = frozenset(
    [
        "fittest",
        "matplotlib",
        "numpy",
        "pandas",
        "pyarrow",
        "pydantic",
        "scipy",
        "sklearn",
        "snakemake",
        "torch",
        "yaml",
    ]
)
"""Packages whose modules are loaded once for all jobs, when a job has asked for them."""
GIVEN = "FITTEST_PREFORK"
"""Environment variable: with the value 0 every job loads its libraries itself. With the path of an
interpreter that another `start` has returned, jobs are copies of that one's process, whose sources
and libraries must be the same."""
_THREADS = "OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"
_LENGTH = 20
_MAX_NEWS = 1 << 20


def start() -> str | None:
    """Start the process; the interpreter that jobs are to be given, None where there is none.

    It ends with the process that calls this.
    """
    given = os.environ.get(GIVEN)
    if sys.platform != "linux" or given == "0" or not _waits_for_children():
        return None
    if given and os.access(given, os.X_OK):
        return given
    folder = Path(tempfile.mkdtemp(prefix="fittest-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = folder / "socket"
    interpreter = folder / "python-of-fittest"
    words = [sys.executable, "-I", "-S", prefork_client.__file__, str(address)]
    interpreter.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    interpreter.chmod(0o700)
    if not os.access(interpreter, os.X_OK):  # nothing there may be run (noexec)
        return None
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(address))
    except OSError:  # a folder for temporary files whose path is too long for a socket
        return None
    listener.listen(128)
    # Nothing is written: its end tells that this process is gone, however it ended.
    lifeline, _ = os.pipe()
    os.set_inheritable(lifeline, True)
    subprocess.Popen(
        [sys.executable, "-m", __name__, str(listener.fileno()), str(lifeline), str(folder)],
        pass_fds=[listener.fileno(), lifeline],
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        stdin=subprocess.DEVNULL,
        # Ctrl-C is for jobs, and these hear of it through whoever waits for them.
        start_new_session=True,
    )
    listener.close()
    os.close(lifeline)
    return str(interpreter)


def _waits_for_children() -> bool:
    """Whether this Python and this kernel tell the end of a process by a descriptor: some builds
    of Python leave that out, and Linux has it from 5.3 on."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


# -- the process that has the libraries loaded --------------------------------------------


def serve(listener: socket.socket, lifeline: int) -> dict[str, Any] | None:
    """Answer until the lifeline ends: None then; in a copy that is to run a job, the request."""
    news, tell = os.pipe()
    told = b""
    while True:
        ready = _first_of(listener, lifeline, news)
        if lifeline in ready:
            return None
        if news in ready:
            told += os.read(news, _MAX_NEWS)
            *whole, told = told.split(b"\n")
            for line in whole:
                _load(line.decode())
        if listener in ready:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                os.close(lifeline)
                os.close(news)
                return _attend(connection, tell)
            connection.close()


def _first_of(*waiting: Any) -> list[Any]:
    """Those of some sockets and descriptors that have something to say; waits for the first."""
    return select.select(waiting, [], [])[0]


def _load(module: str) -> None:
    # What only a job can import, or what fails, is the job's own business.
    with suppress(Exception):
        importlib.import_module(module)
    # What is loaded stays: nobody's garbage collection needs to touch, and thereby copy, it.
    gc.freeze()


def _attend(connection: socket.socket, tell: int) -> dict[str, Any]:
    """Look after one job: its signals, its end. Returns in the job's own process only."""
    # Ends of earlier jobs' lookers-after are nobody's concern; that of this one's job is.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        head, streams, _, _ = socket.recv_fds(connection, _LENGTH, 3)
        request = _received(connection, int(head))
    except (OSError, ValueError):
        os._exit(1)
    # In a session of its own a job gets each signal once: through this process.
    os.setsid()
    job = os.fork()
    if job == 0:
        connection.close()
        return {**request, "streams": streams, "tell": tell}
    for stream in streams:
        os.close(stream)
    connection.sendall(ANSWER)
    ended = os.pidfd_open(job)
    while True:
        ready = _first_of(connection, ended)
        if ended in ready:
            break
        number = connection.recv(1)
        # Whoever waited is gone without a word: killed, and so is the job.
        os.kill(job, number[0] if number else signal.SIGKILL)
        if not number:
            break
    _, status = os.waitpid(job, 0)
    code = os.waitstatus_to_exitcode(status)
    with suppress(OSError):
        connection.sendall(bytes([code if code >= 0 else SIGNALLED - code]))
    os._exit(0)


def _received(connection: socket.socket, length: int) -> dict[str, Any]:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise OSError("whoever asked is gone")
        parts += part
    return dict(json.loads(parts))


# -- a job --------------------------------------------------------------------------------


def run(request: dict[str, Any]) -> int:
    """Run the script as the interpreter would have; its exit status."""
    for number, stream in enumerate(request["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["variables"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    known = frozenset(sys.modules)
    script = request["script"]
    sys.argv = [script]
    # `-m` has put the working folder there; a script finds its own folder.
    sys.path[0] = str(Path(script).parent)
    status = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        status = _status(end)
    except BaseException as error:
        traceback.print_exc()
        status = SIGNALLED + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    # As the interpreter ends: the workers of a pool are told to before they are waited for.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    _tell(request["tell"], known)
    return status


def _status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def _tell(news: int, known: frozenset[str]) -> None:
    """Name what this job had to import, so that the next one need not."""
    names = [n for n in sys.modules if n not in known and n.partition(".")[0] in LOADED]
    with suppress(OSError):
        os.write(news, "".join(f"{name}\n" for name in names).encode())


def main() -> None:
    """Entry of the process: numbers of the listener and the lifeline, and the folder."""
    listener, lifeline, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    # Copies that look after jobs are not waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    request = serve(socket.socket(fileno=listener), lifeline)
    if request is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    if threading.active_count() > 1:  # pragma: no cover
        print("fittest: a library started a thread when it was loaded", file=sys.stderr)
    status = run(request)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not through the end of the interpreter, which takes down every module, and for that copies
    # all the memory that this process shares: two seconds, longer than most jobs.
    os._exit(status)


if __name__ == "__main__":
    main()
