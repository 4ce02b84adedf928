"""Fail where a derived claim does not hold: that is a bug, not a finding."""

from pathlib import Path

import pandas as pd

from fittest.errors import ClaimError
from fittest.pipeline.script import rule_job
from fittest.store import write_text


def check_derived(claims: str, out_report: str) -> None:
    """Write a line on the derived claims. ClaimError names those that do not hold.

    claims: claims.csv.
    """
    table = pd.read_csv(Path(claims), keep_default_na=False)
    broken = table[table["broken"].astype(str) == "True"]
    if len(broken):
        named = "; ".join(f"{row.id}: {row.note}" for row in broken.itertuples())
        raise ClaimError(f"derived claims do not hold, so something computes wrongly: {named}")
    derived = table[table["kind"] == "derived"]
    judged = int((derived["verdict"] != "not evaluated").sum())
    write_text(f"{judged} of {len(derived)} derived claims judged, all hold\n", out_report)


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as smk:
        check_derived(smk.input.csv, smk.output.report)
