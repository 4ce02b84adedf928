"""A project's configuration: checked before anything starts, with file and key in the message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fittest.errors import ConfigError
from fittest.pipeline.project import Project
from small_world import REPOSITORY, runset, write_project

FIGURES = {
    "fig1_a": {"title": "A", "runsets": ["one"]},
    "fig2_b": {"title": "B", "runsets": ["one", "two"]},
}
DECLARED = {"one": runset(axes={"seed": [0, 1]}), "two": runset({"model": {"d": 3}})}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path, DECLARED, figures=FIGURES)


@pytest.mark.parametrize("scale", ["smoke", "reduced", "settled", "full"])
def test_the_repositorys_own_configuration_is_sound(scale: str) -> None:
    Project.load(REPOSITORY, {"scale": scale}).check()


@pytest.mark.parametrize(
    ("over", "named"),
    [
        ({"sclae": "full"}, "sclae"),
        ({"scale": "huge"}, "scale"),
        ({"training": {"device": "gpu"}}, r"training\.device"),
        ({"training": {"dtpye": "float64"}}, r"training\.dtpye"),
        ({"training": {"restart_minutes": 0}}, r"training\.restart_minutes"),
        ({"training": {"memory_gib": "much"}}, r"training\.memory_gib"),
        ({"shards": {"smoke": {"runs": 0}}}, r"shards\.smoke\.runs"),
        ({"shards": {"tiny": {"runs": 1, "pflop": 1}}}, r"shards\.tiny"),
        ({"analysis": {"alive": {"two_mean_factor": None}}}, r"analysis\.alive\.two_mean_factor"),
        ({"analysis": {"alive": {"threshold": 3}}}, r"analysis\.alive\.threshold"),
        ({"paths": {"resutls": "x"}}, r"paths\.resutls"),
    ],
    ids=str,
)
def test_wrong_settings_are_named(over: dict[str, Any], named: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"config/config\.yaml: {named}"):
        write_project(tmp_path, DECLARED, over)


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_project(tmp_path, DECLARED, {"sclae": "full", "training": {"device": "gpu"}})
    assert len(str(caught.value).splitlines()) == 2


def test_missing_parts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml.*cannot be read"):
        Project.load(tmp_path)
    write_project(tmp_path, DECLARED)
    path = tmp_path / "config" / "config.yaml"
    for content, named in [
        ("", "shards"),
        ("scale: smoke\nshards: {}\n", "analysis"),
        ("- a list\n", "mapping"),
    ]:
        path.write_text(content)
        with pytest.raises(ConfigError, match=rf"config/config\.yaml.*{named}"):
            Project.load(tmp_path)


def test_scale_without_a_shard_size(project: Project, tmp_path: Path) -> None:
    config = project.config.model_dump(mode="json")
    del config["shards"]["smoke"]
    with pytest.raises(ConfigError, match=r"config\.yaml: shards.*smoke"):
        Project(config, tmp_path).check()


def test_figure_with_an_unknown_runset(tmp_path: Path) -> None:
    figures = {"fig1_a": {"title": "A", "runsets": ["one", "base"]}}
    project = write_project(tmp_path, DECLARED, figures=figures)
    with pytest.raises(
        ConfigError, match=r"papers/test\.yaml: figures\.fig1_a\.runsets.*`base`.*one, two"
    ):
        project.check()


def test_check_looks_at_every_run_that_a_figure_needs(tmp_path: Path) -> None:
    wrong = {**DECLARED, "two": runset({"modle": {"d": 3}})}
    with pytest.raises(ConfigError, match=r"test\.yaml: runsets\.two.*modle"):
        write_project(tmp_path, wrong, figures=FIGURES).check()


def test_unknown_key_of_a_figure(tmp_path: Path) -> None:
    figures = {"fig1_a": {"title": "A", "runsets": ["one"], "colour": "red"}}
    with pytest.raises(ConfigError, match=r"papers/test\.yaml: figures\.fig1_a\.colour"):
        write_project(tmp_path, DECLARED, figures=figures).check()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("fig1_a", ["one"]),
        ("figures/fig1_a.pdf", ["one"]),
        ("figures/fig1_a.png", ["one"]),
        ("test", ["one", "two"]),
        ("all", ["one", "two"]),
        ("two", ["two"]),
    ],
)
def test_targets(target: str, expected: list[str], project: Project) -> None:
    assert project.runsets_of(target) == expected


def test_unknown_target_is_named_with_those_there_are(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"`fig9`.*all.*test.*fig1_a"):
        project.runsets_of("fig9")


def test_unknown_shard_and_figure(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"`one`.*`0007`"):
        project.shard("one", "0007")
    with pytest.raises(ConfigError, match=r"papers/test\.yaml.*`fig9`"):
        project.figure("test", "fig9")


def test_key_of_a_runset_follows_its_runs_and_those_it_borrows(tmp_path: Path) -> None:
    """What a donor trains beside the borrowed runs is in the same shard and counts; others not."""

    def keys(number: int, **changed: dict[str, Any]) -> dict[str, str]:
        runsets = {
            "donor": runset({"steps": 10}, {"seed": [0]}),
            "one": runset({"steps": 10}, {"seed": [0, 1]}, reuse=["donor"]),
            "apart": runset({"steps": 10}, {"seed": [5]}),
            **changed,
        }
        project = write_project(tmp_path / str(number), runsets)
        return {name: project.runset_key(name) for name in runsets}

    base = keys(0)
    assert keys(1) == base
    longer = keys(2, donor=runset({"steps": 20}, {"seed": [0]}, reuse=[]))
    assert [longer[n] != base[n] for n in ("donor", "one", "apart")] == [True, True, False]
    apart = keys(3, apart=runset({"steps": 11}, {"seed": [5]}))
    assert [apart[n] != base[n] for n in ("donor", "one", "apart")] == [False, False, True]


@pytest.mark.parametrize(
    ("over", "retrains"),
    [
        ({"training": {"dtype": "float64"}}, True),
        ({"training": {"restart_minutes": 9.0}}, False),
        ({"training": {"memory_gib": 9.0}}, False),
        ({"shards": {"smoke": {"runs": 100}}}, False),
        ({"analysis": {"bootstrap": {"draws": 7}}}, False),
        ({"paths": {"results": "elsewhere"}}, False),
    ],
    ids=str,
)
def test_which_settings_retrain(over: dict[str, Any], retrains: bool, tmp_path: Path) -> None:
    before = write_project(tmp_path / "a", DECLARED).shard("one", "0000").key
    after = write_project(tmp_path / "b", DECLARED, over).shard("one", "0000").key
    assert (before != after) == retrains


def test_alive_threshold_retrains_only_what_stops_by_it(tmp_path: Path) -> None:
    runsets = {"free": runset(), "stopping": runset({"stop": {"first": 5}})}
    over = {"analysis": {"alive": {"two_mean_factor": 1.9}}}
    keys = [
        {name: project.shard(name, "0000").key for name in runsets}
        for project in (
            write_project(tmp_path / "a", runsets),
            write_project(tmp_path / "b", runsets, over),
        )
    ]
    assert keys[0]["free"] == keys[1]["free"]
    assert keys[0]["stopping"] != keys[1]["stopping"]


def test_figure_s1_shows_the_rule_that_the_settled_scale_uses() -> None:
    project = Project.load(REPOSITORY, {"scale": "settled"})
    shown = project.constants("survival").horizon.rules["settled scale"]
    used = {
        run.stop.model_copy(update={"expected": None})
        for name in ("base", "fixemb", "perturb", "manual")
        for run in project.catalogue.runset(name).runs
        if run.stop is not None
    }
    assert used == {shown}


def test_papers_come_by_their_places_and_then_by_name(tmp_path: Path) -> None:
    write_project(tmp_path, DECLARED)
    (tmp_path / "config" / "papers" / "test.yaml").unlink()
    (tmp_path / "config" / "claims").mkdir()
    places = {"gamma": None, "beta": 2, "delta": 1, "alpha": None}
    for number, (short, place) in enumerate(places.items()):
        figure = {f"fig{number + 1}_a": {"title": "A", "runsets": [["two", "one"][number % 2]]}}
        paper = {"title": short, "reference": "B", "folder": short, "figures": figure}
        paper |= {} if place is None else {"place": place}
        claims = {"paper": short, "source": "B", "claims": {}}
        for folder, content in (("papers", paper), ("claims", claims)):
            (tmp_path / "config" / folder / f"{short}.yaml").write_text(yaml.safe_dump(content))
    project = Project.load(tmp_path)
    order = ["delta", "beta", "alpha", "gamma"]
    assert list(project.papers) == list(project.claims) == order
    assert project.runsets_of("all") == ["two", "one"]
    assert list(project.at_scale("smoke").papers) == order


def test_a_place_is_a_number_from_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config/papers/test\.yaml: place"):
        _ = write_project(tmp_path, DECLARED, place=0).papers


def test_an_option_that_nobody_gave_leaves_what_the_file_says(tmp_path: Path) -> None:
    write_project(tmp_path, DECLARED)
    assert Project.load(tmp_path, {"scale": None, "cluster": None}).scale == "smoke"
    assert Project.load(tmp_path, {"scale": "full", "cluster": None}).scale == "full"
