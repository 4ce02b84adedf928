"""Judge every claim of a paper: claims.csv, claims.md, a page, and a caption per figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fittest.analysis.statistics.intervals import Resampling
from fittest.claims.judge import judge
from fittest.claims.measures import Evidence
from fittest.claims.model import ClaimFile
from fittest.claims.page import page
from fittest.claims.registry import measures_of
from fittest.claims.render import caption, claims_table, markdown
from fittest.claims.tables import Tables
from fittest.pipeline.script import rule_job
from fittest.runs.run import digest
from fittest.store import listed, provenance, write_csv, write_text
from fittest.yaml_file import read_yaml, validated


def judge_claims(
    claims: str,
    tables: Mapping[str, str],
    scale: str,
    title: str,
    resampling: Resampling,
    origin: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
    descriptions: Sequence[str],
    out_csv: str,
    out_markdown: str,
    out_page: str,
    out_captions: Sequence[str],
) -> None:
    """Write the verdicts.

    Args:
        claims: config/claims/<paper>.yaml. tables: name -> Parquet file. scale: that of the tables.
        title: of the paper. origin: commit and config_hash, printed. figures: by name, their
            `title` and the number of `runs`. descriptions: files `<figure>.rst`, what each
            figure shows; its title stands in for a missing one.
        out_captions: `<figure>.rst` of every figure.
    """
    file = validated(ClaimFile, read_yaml(Path(claims)), claims)
    evidence = Evidence(Tables(tables), resampling)
    known = measures_of(file.paper)
    found = [judge(name, claim, scale, evidence, known) for name, claim in file.claims.items()]
    write_csv(claims_table(found), out_csv)
    write_text(markdown(title, scale, found, origin), out_markdown)
    write_text(page(title, scale, found, origin), out_page)
    described = {Path(path).stem: path for path in descriptions}
    for path in out_captions:
        name = Path(path).stem
        figure = figures[name]
        text = described.get(name)
        shows = Path(text).read_text(encoding="utf-8") if text else f"{figure['title']}."
        own = [one for one in found if one.claim.figure == name]
        write_text(caption(shows, scale, figure["runs"], own), path)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        judge_claims(
            claims=smk.input.claims,
            tables={name: smk.input[key] for name, key in smk.params.tables.items()},
            scale=smk.params.scale,
            title=smk.params.title,
            resampling=Resampling(
                smk.params.bootstrap["draws"],
                smk.params.bootstrap["seed"],
                smk.params.bootstrap["confidence"],
            ),
            origin=provenance(
                smk.params.scale, digest(Path(smk.input.claims).read_text(encoding="utf-8"))
            ),
            figures=smk.params.figures,
            descriptions=listed(smk.input.descriptions),
            out_csv=smk.output.csv,
            out_markdown=smk.output.markdown,
            out_page=smk.output.page,
            out_captions=smk.output.captions,
        )
