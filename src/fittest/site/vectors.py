"""SVG in fewer bytes: the same shapes, written shorter."""

from __future__ import annotations

import math
import re

EXACT = 0.01
"""No point of a picture is moved by more than this, in points of the page (1/72 inch)."""

_TAG = re.compile(r"<[a-zA-Z][^>]*>")
_ATTRIBUTE = re.compile(r'\s+([\w:.-]+)="([^"]*)"')
_MATRIX = re.compile(r'[tT]ransform="matrix\(([^)]*)\)"')
_IMAGE = re.compile(r'<image\b[^>]*?\sid="([^"]+)"')
_COLOUR = re.compile(r"^rgb\(([\d.]+)%,\s*([\d.]+)%,\s*([\d.]+)%\)$")
_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PLACES = {"x", "y", "width", "height"}
# Letters in one colour, each in a group of its own.
_USED = r"\n\s*<use [^>]*/>\n</g>"
_WORD = re.compile(rf'<g style="(fill:#[0-9a-f]{{6}})">{_USED}(?:\n<g style="\1">{_USED})+')
# What holds where nothing is said.
_DEFAULTS = {
    "clip-rule": "nonzero",
    "fill-opacity": "1",
    "fill-rule": "nonzero",
    "stroke": "none",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "stroke-opacity": "1",
    "stroke-width": "1",
}
# Numbers that one letter of a path takes. Where places are not absolute, rounding would add up.
_TAKES = {"M": 2, "L": 2, "C": 6, "H": 1, "V": 1, "Z": 0}


def compact(svg: str) -> str:
    """An SVG of pdftocairo with shorter numbers and colours and without what holds anyway.

    Places are rounded so that none moves by more than EXACT, also where a matrix enlarges them;
    colours to the 256 steps that screens have. Matrices, text and embedded images stay as they are.
    pdftocairo writes a shape's whole style at the shape, so that a default that is left out cannot
    be replaced by that of a group around it.
    """
    digits = _digits(svg)
    return _WORD.sub(_word, _TAG.sub(lambda tag: _tag(tag[0], digits), svg))


def _digits(svg: str) -> int:
    """Decimals of a place that keep EXACT under the largest enlargement of shapes."""
    images = set(_IMAGE.findall(svg))
    largest = 1.0
    for tag in _TAG.findall(svg):
        found = None if tag.startswith("<image") else _MATRIX.search(tag)
        # Images have whole pixels, however large they are shown.
        if found is None or any(f'"#{name}"' in tag for name in images):
            continue
        largest = max(largest, *(abs(float(part)) for part in re.split(r"[\s,]+", found[1])[:4]))
    return math.ceil(math.log10(0.5 * math.sqrt(2) * largest / EXACT))


def _word(found: re.Match[str]) -> str:
    """The letters in one group."""
    letters = "\n".join(re.findall("<use [^>]*/>", found[0]))
    return f'<g style="{found[1]}">\n{letters}\n</g>'


def _tag(tag: str, digits: int) -> str:
    if tag.startswith(("<image", "<svg")):
        return tag
    name = re.match(r"<[\w:.-]+", tag)
    assert name is not None
    own = dict(_ATTRIBUTE.findall(tag))
    if "style" in own:
        styled = _styled(_declarations(own["style"]))
        own["style"] = ";".join(f"{key}:{value}" for key, value in styled.items())
        if not own["style"]:
            del own["style"]
    if name[0] == "<path":
        # Newer versions say the same by attributes.
        own = _styled(own)
    for key, value in own.items():
        if key == "d":
            own[key] = _path(value, digits)
        elif key in _PLACES and _TOKEN.fullmatch(value):
            own[key] = _number(value, digits)
        elif key in ("fill", "stroke"):
            own[key] = _colour(value)
    attributes = "".join(f' {key}="{value}"' for key, value in own.items())
    return f"{name[0]}{attributes}{'/' if tag.endswith('/>') else ''}>"


def _declarations(style: str) -> dict[str, str]:
    parts = (part.partition(":") for part in style.split(";"))
    return {key.strip(): value.strip() for key, _, value in parts if key.strip()}


def _styled(style: dict[str, str]) -> dict[str, str]:
    """The style without what has no effect."""
    # How far corners reach; other joins have none. It is not the default of SVG.
    pointed = style.get("stroke-linejoin", "miter") == "miter" and "stroke" in style
    idle = {} if pointed and style["stroke"] != "none" else {"stroke-miterlimit": "10"}
    defaults = {**_DEFAULTS, **idle}
    return {key: _colour(value) for key, value in style.items() if defaults.get(key) != value}


def _colour(value: str) -> str:
    found = _COLOUR.match(value)
    if found is None:
        return value
    return "#" + "".join(f"{round(min(float(part), 100.0) * 2.55):02x}" for part in found.groups())


def _number(value: str, digits: int) -> str:
    text = f"{float(value):.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    text = text[1:] if text.startswith("0.") else text
    return text if text == "0" else sign + text


def _path(data: str, digits: int) -> str:
    """Path data; as it is where it has other letters than those that pdftocairo writes."""
    tokens = _TOKEN.findall(data)
    steps: list[tuple[str, list[str]]] = []
    for token in tokens:
        if token.isalpha():
            if token not in _TAKES:
                return data
            # Of two moves in a row the first draws nothing.
            if token == "M" and steps and steps[-1][0] == "M":
                steps.pop()
            steps.append((token, []))
        elif not steps:
            return data
        else:
            steps[-1][1].append(_number(token, digits))
    if any(len(numbers) != _TAKES[letter] for letter, numbers in steps):
        return data
    if len(steps) > 1 and steps[-1][0] == "M":
        steps.pop()
    written: list[str] = []
    implied = ""
    for letter, numbers in steps:
        if letter != implied:
            written.append(letter)
        for position, number in enumerate(numbers):
            joined = number.startswith("-") or (letter != implied and position == 0)
            written.append(number if joined else f" {number}")
        # Further numbers after a move are lines; a closed path needs its next letter.
        implied = {"M": "L", "Z": ""}.get(letter, letter)
    return "".join(written)
