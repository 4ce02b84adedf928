"""An archive holds what a paper's figures are drawn from, says what it is, and is drawn elsewhere
without training."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from fittest.__main__ import main
from fittest.archive import pack as packing
from fittest.archive.contents import contents
from fittest.archive.redraw import redraw, unpack
from fittest.errors import StoreError
from fittest.pipeline.project import Project
from fittest.pipeline.running.collect import collect
from small_world import runset, train_all, write_project

FIGURE = "fig1_few"
SHORT = {"steps": 20, "recording": {"every": 10, "dense_until": 2}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose one paper has one figure, of two tiny networks."""
    root = tmp_path_factory.mktemp("finished")
    for name in ("Snakefile", "LICENSE", "scripts/train.py"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("# as in a clone\n")
    few = runset(SHORT, {"seed": {"range": [0, 2]}})
    figures = {FIGURE: {"title": "Few networks", "inputs": {"runs": "few.runs"}}}
    project = write_project(root, {"few": few}, figures=figures)
    train_all(project, "few")
    collect(project, "few", project.paths.runs("few"), project.paths.frequencies("few"))
    return project


@pytest.fixture(scope="module")
def archive(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("archive") / "test.zip"
    said: list[str] = []

    def say(line: str) -> None:
        assert not out.exists(), "the size is said first"
        said.append(line)

    packing.pack(finished, "test", out, say=say)
    assert len(said) == 1 and "trajectory" in said[0] and "kB" in said[0]
    return out


def copy_with(archive: Path, out: Path, **changed: bytes | None) -> Path:
    """The archive with some files replaced, taken away (None) or added."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w") as new:
        for name in [*old.namelist(), *(n for n in changed if n not in old.namelist())]:
            content = changed.get(name, old.read(name) if name in old.namelist() else b"")
            if content is not None:
                new.writestr(name, content)
    return out


def test_it_holds_trajectories_tables_and_configuration_and_equal_results_make_equal_bytes(
    archive: Path, finished: Project, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
        label = json.loads(file.read("archive.json"))
    assert {
        "results/smoke/runs/few/trajectory/0000.parquet",
        "results/smoke/runs/few/runs.parquet",
        "results/smoke/runs/few/frequencies.parquet",
        "config/config.yaml",
        "config/runsets/test.yaml",
        "Snakefile",
        "codecheck.yml",
        "ro-crate-metadata.json",
        "manifest-sha256.txt",
    } <= names
    assert not any("weights" in name for name in names)
    assert (label["paper"], label["scale"]) == ("test", "smoke")
    packing.pack(finished, "test", tmp_path / "again.zip", say=lambda _: None)
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()
    with_weights = {piece.name for piece in contents(finished, "test", weights=True)}
    assert "results/smoke/runs/few/weights/0000.parquet" in with_weights


def test_it_is_a_workflow_run_crate(archive: Path, tmp_path: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path)
    crate = rocrate.ROCrate(tmp_path)
    assert crate.mainEntity.id == "Snakefile"
    profiles = {one.id for one in crate.root_dataset["conformsTo"]}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in profiles
    (run,) = [one for one in crate.contextual_entities if one.type == "CreateAction"]
    assert run["instrument"].id == "Snakefile"
    assert {one.id for one in run["result"]} >= {"results/smoke/runs/few/runs.parquet"}
    described = {one.id for one in crate.data_entities}
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    of_its_own = {"ro-crate-metadata.json", "archive.json", "manifest-sha256.txt", "codecheck.yml"}
    assert described == there - of_its_own


def test_a_codecheck_manifest_lies_beside_it(archive: Path) -> None:
    content = yaml.safe_load(archive.with_suffix(".codecheck.yml").read_text())
    assert [one["file"] for one in content["manifest"]] == [f"figures/{FIGURE}.pdf"]
    assert content["manifest"][0]["comment"] and "without training" in content["summary"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config/config.yaml", b"scale: full\n", "config.yaml is not what was put in"),
        ("config/config.yaml", None, "not those of its manifest-sha256.txt: config/config.yaml"),
        ("results/smoke/more.csv", b"", "not those of its manifest-sha256.txt: results/smoke/more"),
        ("manifest-sha256.txt", b"", "its manifest-sha256.txt is another one"),
        ("archive.json", None, "not an archive of fittest"),
        ("archive.json", b"{", "its archive.json cannot be read"),
        ("archive.json", b'{"format": "fittest archive 9", "commit": "abc"}', "at commit abc"),
    ],
)
def test_damaged_and_foreign_archives_are_refused(
    name: str, content: bytes | None, words: str, archive: Path, tmp_path: Path
) -> None:
    changed = copy_with(archive, tmp_path / "changed.zip", **{name: content})
    with pytest.raises(StoreError, match=words):
        unpack(changed, tmp_path / "into")
    assert not list((tmp_path / "into").glob("*"))


def test_a_flipped_bit_a_missing_end_and_another_file_are_refused(
    archive: Path, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    for number, content in enumerate((bytes(flipped), whole[: len(whole) // 2], b"", b"PK")):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        with pytest.raises(StoreError, match=rf"{number}\.zip: .*damaged"):
            unpack(path, tmp_path / "into")
    with pytest.raises(StoreError, match="there is no such archive"):
        unpack(tmp_path / "absent.zip", tmp_path / "into")


def test_runs_of_other_code_are_refused_before_anything_is_drawn(
    archive: Path, finished: Project, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as file:
        label = json.loads(file.read("archive.json"))
    label["runsets"]["few"] = "0" * 16
    other = copy_with(
        archive, tmp_path / "other.zip", **{"archive.json": json.dumps(label).encode()}
    )
    clone = tmp_path / "clone"
    shutil.copytree(finished.root, clone)
    with pytest.raises(StoreError, match="trained by other code than this clone's"):
        redraw(clone, other, [FIGURE], cores="1")
    assert not (clone / "figures" / f"{FIGURE}.pdf").exists()


def test_a_configuration_of_another_time_is_refused_with_the_commit_that_reads_it(
    archive: Path, finished: Project, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(finished.root, clone)
    folder, label = unpack(archive, clone / "results" / "archives")
    settings = folder / "config" / "config.yaml"
    # As if this version knew no such setting, and had known it when the archive was made.
    settings.write_text(settings.read_text() + "\nof_another_time: 1\n")
    with pytest.raises(StoreError) as refused:
        redraw(clone, archive, [FIGURE], cores="1")
    assert label.commit in str(refused.value) and "of_another_time" in str(refused.value)
    assert str(archive) in str(refused.value)


def test_what_is_not_there_or_not_of_now_is_not_archived(
    finished: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(finished.root, clone, symlinks=True)
    table = clone / "results" / "smoke" / "runs" / "few" / "config.json"
    command = ["--root", str(clone), "archive", "test", "--scale", "smoke"]
    out = ["--out", str(tmp_path / "a.zip")]
    table.unlink()
    assert main([*command, *out]) == 2
    assert "config.json: not there" in capsys.readouterr().err
    table.write_text("")
    config = clone / "config" / "runsets" / "test.yaml"
    config.write_text(config.read_text().replace("steps: 20\n", "steps: 30\n"))
    assert main([*command, *out]) == 2
    assert "made from another configuration or code than now" in capsys.readouterr().err
    assert main(["--root", str(clone), "archive", "tset"]) == 2
    assert "there is no paper `tset`; there are test" in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()
