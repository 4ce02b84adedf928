"""The site in a real browser, from the file system and from a host: nothing fails, nothing leaves
the machine, everybody can use it, and what is chosen changes what it should."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest
from planted_site import D, P

from browsing import Look, places, serious_faults, wait_until_drawn
from fittest.analysis.circles.planes import circle_plane
from fittest.analysis.circles.planes import project as onto
from fittest.analysis.cosets.remap import remapped
from fittest.analysis.fates.alive import alive_two_mean
from fittest.pipeline.project import Project
from fittest.site.explorers import EXPLORERS
from fittest.store import read_run, read_table

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def explorer(look: Look, name: str, asked: str = "", **how: object) -> Page:
    """An explorer's page, once it has drawn."""
    page = look(f"explore/{name}.html", asked=asked, **how)
    wait_until_drawn(page)
    return page


def saved(page: Page, picture: str, kind: str) -> tuple[str, bytes]:
    """Name and content of what a picture's button saves."""
    with page.expect_download() as waiting:
        page.locator(f'[data-picture="{picture}"]').get_by_role("button", name=kind).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def downloaded(page: Page, picture: str, kind: str = "CSV") -> bytes:
    return saved(page, picture, kind)[1]


def sheet(page: Page, picture: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(downloaded(page, picture).decode())))


def said(page: Page) -> str:
    return page.locator(".said").inner_text()


def slide(page: Page, name: str, key: str) -> Locator:
    """Move a slider by the keyboard."""
    slider = page.locator(f'input[name="{name}"]')
    slider.focus()
    slider.press(key)
    return slider


# -- every page -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["file", "host"])
def test_every_page_loads_without_an_error(look: Look, site: Path, host: str, way: str) -> None:
    base = host if way == "host" else site.as_uri()
    page = look("index.html", base=base)
    for place in places(site):
        page.goto(f"{base}/{place}")
        assert page.locator("h1").count() >= 1, place
        wait_until_drawn(page)


PAGES = [
    "index.html",
    "papers/survival.html",
    "papers/cosets.html",
    "docs/index.html",
    *(f"explore/{one.name}.html" for one in EXPLORERS),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PAGES)
def test_axe_finds_no_serious_fault(look: Look, host: str, place: str, scheme: str) -> None:
    page = look(place, base=host, scheme=scheme)
    wait_until_drawn(page)
    faults = serious_faults(page)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("place", PAGES)
def test_a_phone_shows_every_page_within_its_width(look: Look, place: str) -> None:
    page = look(place, width=390)
    wait_until_drawn(page)
    # The longest choice sets a list's width, and names of runs may be long.
    page.evaluate(
        "for (const one of document.querySelectorAll('.controls select'))"
        " one.append(new Option('a run of a long name '.repeat(9), 'long'))"
    )
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


@pytest.mark.parametrize("way", ["file", "host"])
def test_search_finds_documents(look: Look, host: str, way: str) -> None:
    page = look("index.html", base=host if way == "host" else "")
    box = page.get_by_role("combobox", name="Search")
    # The key is heard once the page's script has read the index.
    for _ in range(60):
        page.keyboard.press("Control+k")
        page.wait_for_timeout(1000)
        if box.is_visible():
            break
    box.fill("weight decay")
    # Pages from the file system have no workers: a frame stands in for one, and takes a moment.
    first = page.get_by_role("option").first
    first.wait_for()
    assert "weight decay" in first.inner_text().lower()


# -- papers -----------------------------------------------------------------------------------


def test_claims_filter_by_verdict_section_and_words(look: Look) -> None:
    page = look("papers/survival.html")
    rows = page.locator("[data-claims] tbody tr:visible")
    assert rows.count() == 3
    page.select_option("select[name=verdict]", "partly")
    assert [rows.count(), rows.first.get_attribute("id")] == [1, "claim-S09"]
    assert page.locator("[data-claims] output").inner_text() == "1 of 3 claims"
    assert "verdict=partly" in page.url
    # The address alone brings the choice back.
    again = look("papers/survival.html", asked="#verdict=partly")
    assert again.locator("[data-claims] tbody tr:visible").count() == 1
    page.select_option("select[name=verdict]", "")
    page.select_option("select[name=section]", "Without a figure")
    assert rows.first.get_attribute("id") == "claim-S41"
    assert "A <b> & a |." in rows.first.inner_text()
    page.select_option("select[name=section]", "")
    page.fill("input[name=words]", "STRONG")
    assert rows.count() == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_all_of_a_claim_stands_within_the_page(look: Look, width: int) -> None:
    page = look("papers/survival.html", width=width)
    cells = page.locator("[data-claims] tbody :is(th, td)")
    ends = cells.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    room = page.locator("[data-claims] .wide").evaluate("one => one.getBoundingClientRect().right")
    assert len(ends) == 3 * 6 and max(ends) <= room <= width
    page.select_option("select[name=verdict]", "partly")
    assert page.locator("[data-claims] tbody tr:visible").count() == 1


def test_numbers_of_the_price_stand_below_each_other(look: Look) -> None:
    page = look("papers/survival.html")
    cells = page.locator(".numbers tbody td")
    sides = cells.evaluate_all("all => all.map(one => getComputedStyle(one).textAlign)")
    assert set(sides) == {"right"}


def test_a_figure_grows_and_closes_by_the_keyboard(look: Look) -> None:
    page = look("papers/survival.html")
    link = page.locator("a.zoom").first
    link.focus()
    link.press("Enter")
    dialog = page.locator("dialog.zoomed")
    dialog.wait_for(state="visible")
    assert dialog.locator("img").evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 0
    before = dialog.locator("img").bounding_box()
    page.keyboard.press("+")
    after = dialog.locator("img").bounding_box()
    assert before is not None and after is not None and after["width"] > 1.4 * before["width"]
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


# -- explorers --------------------------------------------------------------------------------


def test_signals_follow_run_and_step_and_the_address(look: Look, project: Project) -> None:
    run = read_table(project.root / project.paths.runs("base"), "runs")["run_id"][0]
    recorded = read_table(project.root / project.paths.trajectory("base", "0000"), "trajectory")

    def living(step: int) -> int:
        (row,) = recorded[(recorded["run_id"] == run) & (recorded["step"] == step)].to_dict(
            "records"
        )
        return int(alive_two_mean(row["signals"], row["signal_mean"], 2.0).sum())

    page = explorer(look, "signals")
    assert f"At step 3,000, {living(3000)} frequencies exceed 2 times the mean" in said(page)
    slide(page, "step", "Home")
    assert f"At step 0, {living(0)} frequencies exceed" in said(page) and "step=0" in page.url
    page.select_option("select[name=k]", "5")
    slide(page, "step", "End")
    slide(page, "step", "ArrowLeft")
    rows = sheet(page, "circle")
    weights = project.root / project.paths.weights("base", "0000")
    stored = read_run(weights, run, [2000])["values"].iloc[0].reshape(P, D).astype(float)
    ours = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    np.testing.assert_allclose(ours, onto(stored, circle_plane(stored, 5)), rtol=1e-5, atol=1e-6)
    # Another reader of the same address sees the same.
    again = explorer(look, "signals", asked=page.url[page.url.index("#") :])
    assert said(again) == said(page) and sheet(again, "circle") == rows
    other = page.locator("select[name=run] option").nth(1).get_attribute("value")
    page.select_option("select[name=run]", other)
    assert said(page) != said(again) and f"run={other}" in page.url
    assert "Scale smoke, n = 2 of 2 runs of base, commit 0123456789ab" in page.inner_text(".from")


def test_names_of_survivors_stand_apart(look: Look) -> None:
    page = explorer(look, "signals")
    boxes = page.locator('[data-picture="signals"] text').evaluate_all(
        "all => all.filter(one => one.textContent.startsWith('k = '))"
        ".map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    )
    assert len(boxes) > 1
    # Glyphs are lower than their boxes.
    assert all(low[1] <= high[0] + 2 for low, high in pairwise(sorted(boxes)))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_circle_is_drawn_round(look: Look, width: int) -> None:
    page = explorer(look, "signals", width=width)
    drawn = page.locator('[data-picture="circle"] circle').evaluate_all(
        "all => all.map(one => [one.cx.baseVal.value, one.cy.baseVal.value])"
    )
    rows = sheet(page, "circle")
    known = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    across, up = np.ptp(np.array(drawn), axis=0) / np.ptp(known, axis=0)
    assert up == pytest.approx(across, rel=1e-3)


def test_survival_is_the_pipelines_own_at_the_end(look: Look, project: Project) -> None:
    page = explorer(look, "survival")
    runs = read_table(project.root / project.paths.runs("fixemb"), "runs")
    frequencies = read_table(project.root / project.paths.frequencies("fixemb"), "frequencies")
    known = frequencies.merge(runs[["run_id", "seed_embedding"]], on="run_id")
    for rule, column in (("two_mean", "alive_2mean"), ("relative", "alive_rel")):
        page.select_option("select[name=rule]", rule)
        rates = known.assign(alive=known[column].astype(float)).groupby(["seed_embedding", "k"])
        table = rates.agg(signal0=("signal0", "mean"), rate=("alive", "mean")).reset_index()
        r = np.corrcoef(table["signal0"], table["rate"])[0, 1]
        assert f"Pearson's r = {r:.3f}" in said(page)
        rows = sheet(page, "rates")
        ours = {(int(row["embedding"]), int(row["k"])): float(row["rate"]) for row in rows}
        keys = ["seed_embedding", "k", "rate"]
        theirs = {(int(e), int(k)): rate for e, k, rate in table[keys].to_numpy()}
        assert ours == pytest.approx(theirs)
    before = said(page)
    slide(page, "step", "ArrowLeft")
    assert said(page) != before and "rule=relative" in page.url


def test_circuits_follow_seed_and_step(look: Look) -> None:
    page = explorer(look, "circuits")
    assert "Losses at step 3,000" in said(page)
    assert [row["alpha"] for row in sheet(page, "logits")] == ["6", "15"]
    slide(page, "step", "Home")
    assert "Losses at step 0: train 5.00, test 10.0, restricted 7.50, excluded 5.00" in said(page)
    first = sheet(page, "W_L")
    assert len(first) == P // 2
    page.select_option("select[name=seed]", "1")
    assert sheet(page, "W_L") != first and "seed=1" in page.url


def test_cosets_show_a_network_and_remap_its_neurons(look: Look) -> None:
    page = explorer(look, "cosets")
    held = {row["frequency"]: row["networks"] for row in sheet(page, "frequencies")}
    assert held == {"1": "1", "2": "2", "3": "0", "4": "2"}
    plain, moved = (
        np.array([float(row["part"]) for row in sheet(page, key)]).reshape(8, -1)
        for key in ("neurons", "remapped")
    )
    for before, after in zip(plain, moved, strict=True):
        np.testing.assert_allclose(after, remapped(before, 2), rtol=1e-6)
        assert np.abs(np.fft.rfft(after))[1:].argmax() == 0
    page.select_option("select[name=network]", "1")
    assert "2 clusters" in said(page)
    assert page.locator('[data-picture="neurons"]').count() == 0


def test_structures_filter_and_change_their_task(look: Look) -> None:
    page = explorer(look, "structures")
    assert "4 runs: rank 0.375" in said(page)
    page.get_by_label("clear structures only").check()
    assert said(page).startswith("3 runs") and "clear=yes" in page.url
    page.get_by_label("solved runs only").check()
    assert [row["seed"] for row in sheet(page, "ranks")] == ["0", "2"]
    page.select_option("select[name=task]", "xor")
    page.get_by_text("g, completeness before training").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tip_can_be_read(look: Look, scheme: str) -> None:
    page = explorer(look, "structures", scheme=scheme)
    dot = page.locator('[data-picture="completeness"] circle').first
    dot.scroll_into_view_if_needed()
    dot.hover(force=True)
    tip = page.locator("[data-picture] svg > g[pointer-events=none] g").first
    tip.wait_for()
    paper, ink = (
        tip.locator(part).first.evaluate(
            "(one) => getComputedStyle(one).fill.match(/[0-9.]+/g).slice(0, 3).map(Number)"
        )
        for part in ("path", "text")
    )
    assert abs(sum(paper) - sum(ink)) > 300


@pytest.mark.parametrize(("kind", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"")])
def test_what_is_saved_tells_where_it_comes_from(look: Look, kind: str, start: bytes) -> None:
    page = explorer(look, "structures", asked="#order=rank")
    name, content = saved(page, "ranks", kind)
    assert name == f"fittest-smoke-0123456789ab-structures-ranks.{kind.lower()}"
    assert content.startswith(start)


def test_a_saved_picture_reads_alone(look: Look) -> None:
    page = explorer(look, "signals", asked="#step=300", width=390)
    inside = downloaded(page, "signals", "SVG").decode()
    texts = [one.text or "" for one in ElementTree.fromstring(inside).iter() if one.text]
    title = page.locator('[data-picture="signals"] figcaption').inner_text()
    assert title in " ".join(texts) and page.inner_text(".from") in " ".join(texts)
    # The address draws it again.
    (address,) = [text for text in texts if "signals.html#" in text]
    assert address.endswith("#step=300")
    page.set_content(inside)
    ends = page.evaluate(
        "[...document.querySelectorAll('svg text')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.left, box.right])"
    )
    width = page.evaluate("document.querySelector('svg').getBoundingClientRect()")
    assert all(width["left"] <= left and right <= width["right"] + 1 for left, right in ends)


def test_what_the_address_asks_for_in_vain_is_said(look: Look) -> None:
    page = explorer(look, "signals", asked="#k=99&step=2400&run=lost&colour=red")
    amiss = page.locator(".amiss")
    for told in ("k = 99", "step = 2400", "2000 is shown", "run = lost", "colour"):
        assert told in amiss.inner_text()
    assert "At step 2,000" in said(page)
    # What is shown is what the address says from now on; a choice ends the matter.
    assert "step=2000" in page.url and "k=99" not in page.url
    page.select_option("select[name=k]", "5")
    assert not amiss.is_visible()
    right = explorer(look, "signals", asked="#k=5&step=2000")
    assert not right.locator(".amiss").is_visible()


def test_what_a_choice_leaves_behind_is_no_fault_of_the_address(look: Look) -> None:
    """A run is one run-set's, and goes with it."""
    page = explorer(look, "signals")
    second = page.locator("select[name=run] option").nth(1).get_attribute("value")
    page.select_option("select[name=run]", second)
    page.select_option("select[name=runset]", "main")
    page.get_by_text("of 2 runs of main").wait_for()
    assert not page.locator(".amiss").is_visible() and f"run={second}" not in page.url
    again = explorer(look, "signals", asked=page.url[page.url.index("#") :])
    assert said(again) == said(page) and not again.locator(".amiss").is_visible()


@pytest.mark.parametrize(
    ("name", "choice", "runset"), [("signals", "runset", "base"), ("cosets", "population", "pop91")]
)
def test_what_runs_are_for_is_said(
    look: Look, project: Project, name: str, choice: str, runset: str
) -> None:
    page = explorer(look, name, asked=f"#{choice}={runset}")
    told = project.catalogue.runset(runset).declaration.description
    assert page.inner_text(".what") == told


def test_a_changed_address_is_followed(look: Look) -> None:
    page = explorer(look, "circuits")
    page.evaluate("location.hash = 'seed=1&step=1000'")
    page.get_by_text("Losses at step 1,000").wait_for()
    assert page.locator("select[name=seed]").input_value() == "1"
