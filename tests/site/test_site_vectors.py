"""A compact SVG draws what the long one draws."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from fittest.site.pictures import converter
from fittest.site.vectors import EXACT, compact

DEFAULTS = {
    "fill": "rgb(0%,0%,0%)",
    "fill-opacity": "1",
    "fill-rule": "nonzero",
    "clip-rule": "nonzero",
    "stroke": "none",
    "stroke-opacity": "1",
    "stroke-width": "1",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "stroke-miterlimit": "4",
    "stroke-dasharray": "none",
}
TAKES = {"M": 2, "L": 2, "C": 6, "Z": 0}
PIXELS = "iVBORw0KGgo0.123456 1.000000+rgb(10%,20%,30%)"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' width="504.123456pt" height="36pt" viewBox="0 0 504.123456 36" version="1.2">\n'
)


def svg(inside: str) -> str:
    return f"{HEAD}{inside}\n</svg>\n"


def path(data: str) -> list[tuple[str, tuple[float, ...]]]:
    """Steps of a path, each with its letter; moves that draw nothing left out."""
    steps: list[tuple[str, tuple[float, ...]]] = []
    for letter, rest in re.findall(r"([A-Z])([^A-Z]*)", data):
        numbers = [float(n) for n in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)", rest)]
        taken = TAKES[letter]
        assert len(numbers) % taken == 0 if taken else not numbers
        for i in range(0, len(numbers), taken) if taken else [0]:
            now = "L" if letter == "M" and i else letter
            if now == "M" and steps and steps[-1][0] == "M":
                steps.pop()
            steps.append((now, tuple(numbers[i : i + taken])))
    if len(steps) > 1 and steps[-1][0] == "M":
        steps.pop()
    return steps


def colour(value: str) -> tuple[int, ...] | str:
    if value.startswith("#"):
        return tuple(bytes.fromhex(value[1:]))
    if value.startswith("rgb("):
        return tuple(round(float(part) * 2.55) for part in re.findall(r"[\d.]+", value))
    return value


def shapes(text: str) -> list[tuple[str, list, dict[str, object]]]:
    """Each thing drawn: its kind, where, and the style that holds there."""
    found: list[tuple[str, list, dict[str, object]]] = []

    def walk(element: ElementTree.Element, outer: dict[str, str]) -> None:
        own = {key: value for key, value in element.attrib.items() if key in DEFAULTS}
        words = [w.partition(":") for w in element.get("style", "").split(";") if w.strip()]
        own |= {key.strip(): value.strip() for key, _, value in words}
        style = {**outer, **own}
        kind = element.tag.rpartition("}")[2]
        if kind in ("path", "use", "image", "rect"):
            holds = dict(style)
            if holds["stroke"] == "none":
                holds = {k: v for k, v in holds.items() if not k.startswith("stroke")}
            elif holds["stroke-linejoin"] != "miter":
                del holds["stroke-miterlimit"]
            others = {
                k: v
                for k, v in element.attrib.items()
                if k not in ("d", "x", "y", "style", *DEFAULTS)
            }
            place = path(element.get("d", ""))
            place.append(("at", (float(element.get("x", 0)), float(element.get("y", 0)))))
            coloured = {key: colour(value) for key, value in holds.items()}
            found.append((kind, place, {**coloured, **others}))
        for child in element:
            walk(child, style)

    walk(ElementTree.fromstring(text), DEFAULTS)
    return found


def assert_same(long: str, short: str, exact: float = EXACT) -> None:
    before, after = shapes(long), shapes(short)
    assert len(before) == len(after) > 0
    for (kind, place, style), (other_kind, other_place, other_style) in zip(
        before, after, strict=True
    ):
        assert (kind, style) == (other_kind, other_style)
        assert [letter for letter, _ in place] == [letter for letter, _ in other_place]
        for (_, numbers), (_, others) in zip(place, other_place, strict=True):
            assert np.allclose(numbers, others, rtol=0, atol=exact)


STYLE = "fill:none;stroke-width:1;stroke-linecap:butt;stroke:rgb(0%,44.7052%,69.802856%);"
SNIPPETS = {
    "lines": '<path style="stroke:none;" d="M 1.234567 -0.0031 L 0.5 -4 L 7 8 Z M 1 2 "/>',
    "curves": '<path d="M 1 2 C 1.111111 2 3 4 5 6 C 7 8 9 10 11 -12.999999 Z M 1 2 M 4 4 L 5 5"/>',
    "round": f'<path style="{STYLE}stroke-linejoin:round;stroke-opacity:1;'
    'stroke-miterlimit:10;" d="M 1 2 L 3 4"/>',
    "pointed": f'<path style="{STYLE}stroke-linejoin:miter;stroke-opacity:0.4;'
    'stroke-miterlimit:10;" d="M 1 2 L 3 4"/>',
    "attributes": '<path fill-rule="nonzero" fill="rgb(99.999%, 50%, 0%)" fill-opacity="1"'
    ' stroke="rgb(0%, 0%, 0%)" stroke-miterlimit="10" d="M 1 2 L 3 4"/>',
    "word": "\n".join(
        f'<g style="fill:rgb({part}%,0%,0%);fill-opacity:1;">\n'
        f'  <use xlink:href="#g-{i}" x="{i}.123456" y="2"/>\n</g>'
        for i, part in enumerate((10, 10, 10, 90))
    ),
}


@pytest.mark.parametrize("inside", SNIPPETS.values(), ids=SNIPPETS)
def test_shapes_and_styles_stay_and_bytes_go(inside: str) -> None:
    short = compact(svg(inside))
    assert_same(svg(inside), short)
    assert len(short) < len(svg(inside))
    assert compact(short) == short


def test_a_moved_point_a_lost_shape_and_another_colour_would_be_seen() -> None:
    long = svg(SNIPPETS["word"] + SNIPPETS["pointed"])
    short = compact(long)
    for right, wrong in (
        ('x="1.12"', 'x="1.14"'),
        ('<use xlink:href="#g-1" x="1.12" y="2"/>', ""),
        ("#1a0000", "#1b0000"),
        (";stroke-miterlimit:10", ""),
    ):
        assert right in short
        with pytest.raises(AssertionError):
            assert_same(long, short.replace(right, wrong))


def test_text_images_matrices_and_the_size_are_left_alone() -> None:
    kept = (
        f'<image id="i" width="7" height="9" xlink:href="data:image/png;base64,{PIXELS}"/>',
        'transform="matrix(1.234567,0,0,-1.234567,0.123456,9.876543)"',
        "<title>0.123456 rgb(10%,20%,30%);fill-opacity:1;</title>",
        "<!-- 0.123456 -->",
        '<path d="m 1.123456 2 l 0.123456 0.123456"/>',
        HEAD,
    )
    image, matrix, *others, _ = kept
    long = svg(f'{image}<use xlink:href="#i" {matrix}/>' + "".join(others))
    short = compact(long)
    for part in kept:
        assert part in short


def test_what_a_matrix_enlarges_is_rounded_less() -> None:
    shape = '<path {} d="M 0.123456 0.123456 L 0.654321 0.999999"/>'
    for scale in (1, 40, 5000):
        long = svg(shape.format(f'transform="matrix({scale},0,0,-{scale},0,0)"'))
        assert_same(long, compact(long), EXACT / scale)
    image = '<image id="i" width="1" height="1" xlink:href="data:,"/>'
    plain = svg(image + shape.format(""))
    shown = plain.replace(image, f'{image}<use xlink:href="#i" transform="matrix(90,0,0,90,0,0)"/>')
    # A coarse image that is shown large says nothing of shapes.
    assert 'd="M.12 .12 .65 1"' in compact(plain) and 'd="M.12 .12 .65 1"' in compact(shown)


@pytest.mark.skipif(converter() is None, reason="pdftocairo (poppler-utils) is not installed")
def test_a_figure_of_the_converter_stays_the_same_picture(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    figure = Figure(figsize=(5, 3))
    left, right = figure.subplots(1, 2)
    left.scatter(*noise.normal(size=(2, 50)), c=noise.random(50), alpha=0.5)
    left.plot(noise.normal(size=80).cumsum(), linewidth=0.7, linestyle="--", label="a line")
    left.legend(title="Legend")
    left.bar([1, 2], [3, 4], edgecolor="red", hatch="//")
    right.imshow(noise.random((12, 12)))
    figure.savefig(tmp_path / "one.pdf")
    program = converter()
    assert program is not None
    subprocess.run([program, "-svg", tmp_path / "one.pdf", tmp_path / "one.svg"], check=True)
    long = (tmp_path / "one.svg").read_text(encoding="utf-8")
    short = compact(long)
    assert "<image" in long and "<use" in long
    assert_same(long, short)
    assert len(short) < 0.75 * len(long)
