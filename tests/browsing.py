"""Looking at a site in a browser: fixtures for each file of tests that has a fixture `site`."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fittest.site.generator import NEEDED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

# Nothing but the page: without these it asks its makers' hosts for updates at every start.
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
)
# A browser is slow where the machine is busy; no test waits that long otherwise.
PATIENCE = 120_000
Look = Callable[..., "Page"]


def _needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make .venv/tools brings it")


def needs_generator() -> None:
    """Skip a test where what makes a site's pages is not installed."""
    for package in NEEDED:
        _needs(package)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; a test is skipped where there is none. It ends with the file: while it is open,
    no other test of the process can have an event loop."""
    _needs("playwright")
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=QUIET.split())
        yield opened
        opened.close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    """The site as a static host serves it, on this machine alone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def look(browser: Browser, site: Path) -> Iterator[Look]:
    """Opens a page; at the end nothing may have failed in it or left the machine."""
    wrong: list[str] = []
    contexts = []

    def failed(one: Request) -> None:
        # Going on to another page ends what the one before was still loading.
        if one.failure != "net::ERR_ABORTED":
            wrong.append(f"{one.url}: {one.failure}")

    def open_page(
        page: str, base: str = "", width: int = 1280, scheme: str = "light", asked: str = ""
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("requestfailed", failed)
        opened.on(
            "response", lambda one: one.status < 400 or wrong.append(f"{one.url}: {one.status}")
        )
        opened.on(
            "request",
            lambda one: (
                one.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:"))
                or wrong.append(f"leaves the machine: {one.url}")
            ),
        )
        opened.goto(f"{base or site.as_uri()}/{page}{asked}")
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def places(site: Path) -> list[str]:
    """Every page of a site that has an address of its own."""
    found = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    # The addresses of this one are from the top of a host, wherever that is.
    return [place for place in found if place != "404.html"]


def wait_until_drawn(page: Page) -> None:
    """Until an explorer's page shows pictures; others do at once."""
    if "/explore/" in page.url:
        page.wait_for_selector('[data-explorer][data-ready="yes"] figure svg')


def missing_pictures(page: Page) -> list[str]:
    """Addresses of a page's pictures that cannot be shown, those far below included."""
    missing: list[str] = page.evaluate(
        """() => Promise.all([...document.querySelectorAll("article img")].map(one => {
            one.loading = "eager";
            return one.decode().then(() => one.naturalWidth ? [] : [one.src], () => [one.src]);
        })).then(all => all.flat())"""
    )
    return missing


def shapes(page: Page) -> dict[str, int]:
    """Pictures of an explorer -> how many shapes stand for values in each, wide or high ones.

    Axes, which are hidden from readers' aids, and rules, which are black, stand for none.
    """
    marks = "svg > g:not([aria-hidden], [stroke=currentColor]) :is(path, circle, line, rect)"
    counted: dict[str, int] = page.evaluate(
        """marks => Object.fromEntries(
            [...document.querySelectorAll("[data-picture]")].map(one => [
                one.dataset.picture,
                [...one.querySelectorAll(marks)].filter(mark => {
                    const { width, height } = mark.getBoundingClientRect();
                    return !mark.closest("marker") && Math.max(width, height) > 0;
                }).length,
            ])
        )""",
        marks,
    )
    return counted


def serious_faults(page: Page) -> list[str]:
    """What axe finds that keeps people from using a page; skip a test where axe is not here.

    The page comes from a host: axe reads style sheets, which pages of the file system may not.
    """
    _needs("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    # What the generator itself brings is not ours to mend; what we put on the page is.
    found = Axe().run(page, context={"include": [["article.md-content__inner"]]})
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
