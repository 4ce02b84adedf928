"""Reading YAML so that a mistake is named with its file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fittest.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

# The same by libyaml, ten times as fast, where PyYAML was built with it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeyLoader(_Loader):
    """Refuses a key that stands twice in a mapping, where YAML would keep the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"a key is no word (line {key_node.start_mark.line + 1})")
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ConfigError(f"key `{key}` stands twice (line {key_node.start_mark.line + 1})")
            seen.add(key)
        constructed: dict[Any, Any] = super().construct_mapping(node, deep)
        return constructed


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; ConfigError names the file and the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text ({error})") from error
    try:
        # The loader is a SafeLoader, so nothing but plain data can come out of it.
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None


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
        key = ".".join(_written(problem["loc"], content))
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "unknown key; remove it or mend its spelling"
        given = f" (given: {problem['input']!r})" if key and problem["type"] != "missing" else ""
        lines.append(f"{where}: {key + ': ' if key else ''}{message}{given}")
    return "\n".join(lines)


def _written(location: tuple[int | str, ...], content: Any) -> list[str]:
    """The keys of a place as they stand in the file: without the names that pydantic gives to
    the members of a union."""
    found = []
    for number, part in enumerate(location):
        if isinstance(content, dict) and part not in content and number < len(location) - 1:
            continue
        found.append(str(part))
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            content = None
    return found
