"""Jobs as copies of a process that has the libraries loaded: as if they had loaded them."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fittest.pipeline.running import prefork

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs load libraries")

# What Snakemake does: starts the process, and lives on.
PARENT = """
import sys
from fittest.pipeline.running import prefork
print(prefork.start(), flush=True)
sys.stdin.read()
"""
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
PATIENCE = 60.0


class Server:
    """A process like Snakemake's, and the interpreter that it gives to its jobs."""

    def __init__(self) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k != prefork.GIVEN},
        )
        assert self.parent.stdout is not None
        self.interpreter = Path(self.parent.stdout.readline().strip())

    def popen(self, *words: str | Path, **options: object) -> subprocess.Popen[str]:
        settings: dict[str, object] = {
            "env": ONE_THREAD,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [self.interpreter, *words], text=True, **(settings | options)
        )

    def run(self, *words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        job = self.popen(*words, **options)
        out, err = job.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(job.args, job.returncode, out, err)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.parent.kill()
    made.parent.wait()


def script(folder: Path, text: str) -> Path:
    path = folder / "job.py"
    path.write_text(text)
    return path


def until(true: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False


TELL = """
import json, os, sys
print(json.dumps({
    "argv": sys.argv, "folder": os.getcwd(), "mine": os.environ.get("MINE"),
    "path": sys.path[0], "name": __name__, "file": __file__,
    "umask": os.umask(0), "copy": "fittest.pipeline.running.prefork_client" in sys.modules,
    "loaded": "colorsys" in sys.modules, "pyarrow": "pyarrow" in sys.modules,
}))
print("words", file=sys.stderr)
"""


def test_a_job_has_the_place_of_whoever_asked(server: Server, tmp_path: Path) -> None:
    job, elsewhere = script(tmp_path, TELL), tmp_path / "else where"
    elsewhere.mkdir()
    done = server.run(job, cwd=elsewhere, env={**ONE_THREAD, "MINE": "yes"}, umask=0o027)
    told = json.loads(done.stdout)
    assert told["copy"]
    assert (told["argv"], told["file"]) == ([str(job)], str(job))
    assert (told["folder"], told["path"]) == (str(elsewhere), str(tmp_path))
    assert (told["mine"], told["name"], told["umask"]) == ("yes", "__main__", 0o027)
    assert (done.returncode, done.stderr) == (0, "words\n")


def test_what_one_job_loads_the_next_one_has(tmp_path: Path) -> None:
    server = Server()
    first = script(tmp_path, TELL + "import pyarrow, colorsys\n")
    assert not json.loads(server.run(first).stdout)["pyarrow"]
    # It loads them between two jobs, not while one waits.
    until(lambda: json.loads(server.run(script(tmp_path, TELL)).stdout)["pyarrow"])
    # Only the libraries of this project.
    assert not json.loads(server.run(script(tmp_path, TELL)).stdout)["loaded"]
    server.parent.kill()


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("import sys; sys.exit('a word')", 1, "a word"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
    ],
)
def test_a_job_ends_as_it_would_have(
    server: Server, tmp_path: Path, text: str, status: int, said: str
) -> None:
    done = server.run(script(tmp_path, text))
    assert done.returncode == status
    assert said in done.stderr


def test_what_ends_with_the_interpreter_ends_with_the_job(server: Server, tmp_path: Path) -> None:
    done = server.run(
        script(tmp_path, "import atexit; atexit.register(print, 'last'); print('first')")
    )
    assert done.stdout.splitlines() == ["first", "last"]


@pytest.mark.parametrize("threads", ["2", None])
def test_more_threads_load_their_own_libraries(
    server: Server, tmp_path: Path, threads: str | None
) -> None:
    variables = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    if threads is not None:
        variables["OMP_NUM_THREADS"] = threads
    assert not json.loads(server.run(script(tmp_path, TELL), env=variables).stdout)["copy"]


def test_what_is_no_script_goes_to_the_interpreter(server: Server) -> None:
    assert server.run("-c", "import sys; print(sys.argv)").stdout == "['-c']\n"
    assert server.run("-m", "fittest", "--help").returncode == 0


WAIT = """
import os, signal, sys, time
def stop(number, frame):
    print(number, flush=True)
    sys.exit(7)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    if {handle}:
        signal.signal(number, stop)
print(os.getpid(), flush=True)
# A signal just before a long sleep would wait for its end.
while True:
    time.sleep(0.05)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_reaches_the_job_once(
    server: Server, tmp_path: Path, number: signal.Signals
) -> None:
    job = server.popen(script(tmp_path, WAIT.format(handle=True)))
    assert job.stdout is not None
    job.stdout.readline()
    job.send_signal(number)
    out, _ = job.communicate(timeout=PATIENCE)
    assert (job.returncode, out) == (7, f"{int(number)}\n")


def test_a_signal_reaches_the_job_whenever_it_comes(server: Server, tmp_path: Path) -> None:
    job = script(tmp_path, WAIT.format(handle=False))
    for wait in range(40):
        # From before the job is there to long after.
        waiting = server.popen(job)
        time.sleep(wait * 0.005)
        waiting.send_signal(signal.SIGTERM)
        waiting.communicate(timeout=PATIENCE)
        assert waiting.returncode == -signal.SIGTERM


def test_ctrl_c_in_a_terminal_reaches_the_job_once(server: Server, tmp_path: Path) -> None:
    job = server.popen(script(tmp_path, WAIT.format(handle=True)), start_new_session=True)
    assert job.stdout is not None
    job.stdout.readline()
    os.killpg(job.pid, signal.SIGINT)
    out, _ = job.communicate(timeout=PATIENCE)
    assert (job.returncode, out) == (7, f"{int(signal.SIGINT)}\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_that_handles_no_signal_ends_with_whoever_waits(
    server: Server, tmp_path: Path, number: signal.Signals
) -> None:
    job = server.popen(script(tmp_path, WAIT.format(handle=False)))
    assert job.stdout is not None
    pid = int(job.stdout.readline())
    assert alive(pid)
    job.send_signal(number)
    job.wait(timeout=PATIENCE)
    assert job.returncode == -number
    until(lambda: not alive(pid))


def test_a_job_outlives_the_workflow_and_nothing_else_does(tmp_path: Path) -> None:
    server = Server()
    text = "import time, pathlib; print(1, flush=True); time.sleep(2); pathlib.Path('end').touch()"
    job = server.popen(script(tmp_path, text), cwd=tmp_path)
    assert job.stdout is not None
    job.stdout.readline()
    server.parent.send_signal(signal.SIGKILL)
    server.parent.wait()
    until(lambda: not server.interpreter.parent.exists())
    assert job.wait(timeout=PATIENCE) == 0
    assert (tmp_path / "end").exists()


def test_one_that_runs_already_is_taken(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prefork.GIVEN, str(server.interpreter))
    assert prefork.start() == str(server.interpreter)


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prefork.GIVEN, "0")
    assert prefork.start() is None


def refused(*_: object) -> int:
    raise OSError(errno.ENOSYS, "Function not implemented")


@pytest.mark.parametrize("lacking", ["python", "kernel", "place"])
def test_where_it_cannot_work_jobs_load_their_libraries(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(prefork.GIVEN, raising=False)
    started: list[object] = []
    monkeypatch.setattr(prefork.subprocess, "Popen", lambda *a, **k: started.append(a))
    if lacking == "python":
        monkeypatch.delattr(os, "pidfd_open")
    elif lacking == "kernel":
        monkeypatch.setattr(os, "pidfd_open", refused)
    else:  # temporary files may not be run
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.X_OK)
    assert prefork.start() is None
    assert started == []


@pytest.mark.parametrize(("end", "status"), [("", 0), ("raise ValueError", 1), ("exit(3)", 3)])
def test_idle_workers_of_a_pool_do_not_keep_a_job(
    server: Server, tmp_path: Path, end: str, status: int
) -> None:
    """They wait for work until they are told that there is none to come."""
    text = f"""
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
print(pool.submit(lambda: 1).result())
{end}
"""
    done = server.run(script(tmp_path, text))
    assert (done.returncode, done.stdout) == (status, "1\n")
