"""Reading YAML so that a mistake is named with its file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fittest.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 16 * 2**20
"""Largest configuration file that is read."""
MAX_NODES = 1_000_000
"""Most values that a file may hold once its anchors are written out."""
MAX_DEPTH = 100
"""Deepest nesting, anchors written out."""

_MERGE = "tag:yaml.org,2002:merge"
_CODE_KEY = "__use_yte__"
_SHOWN = 80

# The same by libyaml, ten times as fast, where PyYAML was built with it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Merges `<<` as YAML says: a mapping's own keys win, then the earlier of merged mappings.

    PyYAML compares keys by identity: `{<<: *b}` takes a key of one letter from below where `b`
    itself sets it over a merged one.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        merged = [value for key, value in node.value if key.tag == _MERGE]
        if not merged:
            return
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        sources = [
            source
            for value in merged
            for source in (value.value if isinstance(value, yaml.SequenceNode) else [value])
        ]
        known = {(key.tag, key.value) for key, _ in own}
        taken = []
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise ConfigError(f"<< takes a mapping or a list of them (line {_line(source)})")
            self.flatten_mapping(source)
            for key, value in source.value:
                if (key.tag, key.value) not in known:
                    known.add((key.tag, key.value))
                    taken.append((key, value))
        node.value = taken + own


def read_yaml(path: Path, name: str | None = None) -> Any:
    """The content of a YAML file; None where it is empty.

    Raises ConfigError with one line that names the file (as `name` where given) and, where there
    is one, the line in it: for text that is no YAML or not UTF-8, a key that stands twice, an
    anchor that holds itself, and more than MAX_BYTES, MAX_NODES or MAX_DEPTH.
    """
    name = str(path) if name is None else name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read ({error.strerror})") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"{name}: {len(content):,} bytes, and the limit MAX_BYTES is {MAX_BYTES:,}"
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{name}: line {line}: the byte 0x{content[error.start]:02x} is not UTF-8 text;"
            " save the file as UTF-8"
        ) from None
    try:
        return _loaded(text)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {_syntax(error)}") from None
    except RecursionError:
        raise ConfigError(f"{name}: not valid YAML: values are nested too deeply") from None
    except (ValueError, KeyError, AttributeError, IndexError, TypeError, OverflowError) as error:
        # Raised by PyYAML's own converters, as for the date 2026-13-45.
        raise ConfigError(f"{name}: not valid YAML: a value cannot be read ({error})") from None


def _loaded(text: str) -> Any:
    """The value of a text, its nodes checked before anything is made of them."""
    _check_depth(text)
    # The loader is a SafeLoader, so nothing but plain data can come out of it.
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node, loader)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """ConfigError for lists and mappings within each other without end.

    Before they are put together: libyaml's bindings before PyYAML 6.0.4 do that by recursion and
    crash the interpreter, some ten thousand levels down.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise ConfigError(
                f"more than {MAX_DEPTH:,} levels of nesting, and the limit MAX_DEPTH is"
                f" {MAX_DEPTH:,}"
            )


def _check(root: yaml.Node, loader: Any) -> None:
    """ConfigError for keys that YAML or Snakemake would take in their own way, for anchors that
    hold themselves, and for a tree too large to write out."""
    # Of each node once, however often anchors repeat it: (values, levels) written out.
    measured: dict[int, tuple[int, int]] = {}
    above: set[int] = set()
    # A stack in place of recursion: how deep a file nests is the file's choice.
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    while waiting:
        node, done = waiting.pop()
        if id(node) in measured:
            continue
        if isinstance(node, yaml.ScalarNode):
            measured[id(node)] = (1, 1)
            continue
        children = _children(node)
        if done:
            inside = [measured[id(child)] for child in children]
            values = 1 + sum(size for size, _ in inside)
            # No use counting on: the number itself could grow without end.
            measured[id(node)] = (
                min(values, 10**15),
                1 + max((levels for _, levels in inside), default=0),
            )
            above.discard(id(node))
            continue
        above.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, loader)
        waiting.append((node, True))
        for child in children:
            if id(child) in above:
                raise ConfigError(f"an anchor holds itself (line {_line(child)})")
            waiting.append((child, False))
    values, levels = measured[id(root)]
    for found, limit, name, what in (
        (values, MAX_NODES, "MAX_NODES", "values, anchors written out"),
        (levels, MAX_DEPTH, "MAX_DEPTH", "levels of nesting"),
    ):
        if found > limit:
            raise ConfigError(f"{found:,} {what}, and the limit {name} is {limit:,}")


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def _check_keys(node: yaml.MappingNode, loader: Any) -> None:
    """Every key is a word of its own; YAML would keep the last of two."""
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError(f"a key is no word (line {_line(key_node)})")
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise ConfigError(f"key `{key}` stands twice (line {_line(key_node)})")
        if key == _CODE_KEY:
            raise ConfigError(
                f"unknown key `{key}`: it would let a configuration run code; remove it"
                f" (line {_line(key_node)})"
            )
        seen.add(key)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax(error: yaml.YAMLError) -> str:
    """What PyYAML found wrong, in one line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    context = getattr(error, "context", None)
    where = "" if mark is None else f"line {mark.line + 1}: "
    return f"{where}not valid YAML: {f'{context}, ' if context else ''}{problem}"


def validated(model: type[Model], content: Any, where: str) -> Model:
    """`content` as a `model`; ConfigError lists every offending key of `where`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(explain(error, where, content)) from None


def explain(error: ValidationError, where: str, content: Any) -> str:
    """One line per problem in `content`: where, key, what is wrong and what was given."""
    lines = []
    for problem in error.errors():
        key = ".".join(_written(problem["loc"], content, problem["type"] == "missing"))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "unknown key; remove it or mend its spelling"
        if problem["type"] == "string_pattern_mismatch":
            message = f"must match {problem['ctx']['pattern']}"
        given = (
            f" (given: {shown(problem['input'])})" if key and problem["type"] != "missing" else ""
        )
        lines.append(f"{where}: {key + ': ' if key else ''}{message}{given}")
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A value as a message quotes it: on one line, and cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python prints no number of more than some thousand digits.
        return "a number of too many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _written(location: tuple[int | str, ...], content: Any, missing: bool) -> list[str]:
    """The keys of a place as they stand in the file: without the names that pydantic gives to
    the members of a union. `missing`: the last one does not stand there at all."""
    found = []
    for number, part in enumerate(location):
        if (
            isinstance(content, dict)
            and part not in content
            and not (missing and number == len(location) - 1)
        ):
            continue
        if part == "[key]":
            continue
        if isinstance(content, list) and not isinstance(part, int):
            continue
        found.append(str(part))
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            content = None
    return found
