"""The start page and the page of each paper, as Markdown with HTML where it needs more."""

from __future__ import annotations

import html
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fittest.claims.judge import VERDICTS
from fittest.plotting.style import short
from fittest.site import pictures
from fittest.site.claim_pages import claims_table, price_table, verdict_bar, verdict_mark
from fittest.site.explorers import Explorer
from fittest.site.results import Figure, Paper, Row

# Of each paper the figures that say most, the best first; else its first one.
HEADLINES = {
    "survival": ("fig6_survival",),
    "completeness": ("fig1_remainder", "fig8_min_completeness"),
    "progress": ("fig7_progress_measures", "fig2_grokking_curves"),
    "cosets": ("fig1_three_levels", "fig4_frequency_histograms", "figS1_pilot"),
    "exponents": ("figS2_epoch_vs_exponent", "fig2_remainder_distributions"),
}
# A table of more bytes stays in the results; its page says where.
LARGEST_TABLE = 400_000


def headline(paper: Paper) -> Figure | None:
    """The figure that stands for a paper; None where none has been made."""
    made = {figure.name: figure for figure in paper.made}
    for name in HEADLINES.get(paper.short, ()):
        if name in made:
            return made[name]
    return next(iter(made.values()), None)


def start(papers: list[Paper], explorers: list[Explorer], scale: str) -> str:
    """index.md. `explorers`: those that have data."""
    counts: dict[str, int] = {
        verdict: sum(p.verdicts()[verdict] for p in papers) for verdict in VERDICTS
    }
    cards = "\n".join(_card(paper) for paper in papers)
    links = "\n".join(f"- [{one.title}](explore/{one.name}.md): {one.about}" for one in explorers)
    return f"""---
title: What was found
hide:
  - toc
---
# Do the papers hold?

{len(papers)} papers on how small networks learn arithmetic, retrained and measured anew. What
became of their claims at the scale **{scale}**{_judged(papers)}:

{verdict_bar(counts)}

Counted are the papers' own statements. *Partly*: a half of one holds, or one of two readings. *Not
evaluated*: this scale is too small for it, or the paper's words do not decide it. Each paper's page
says which, with our numbers; [the project](project.md) sums up what failed.

<div class="cards">
{cards}
</div>

## Explore the networks

{links or "No results that could be explored are here yet."}

## Read on

What this project is and how to run it: [the project](project.md). How everything is measured, every
file, every column: [documentation](docs/index.md).
"""


def _judged(papers: list[Paper]) -> str:
    """The commits at which the papers' claims were judged, each once."""
    known = [short(paper.origin["commit"]) for paper in papers if "commit" in paper.origin]
    commits = [f"`{commit}`" for commit in dict.fromkeys(known)]
    return f" (commit{'s' * (len(commits) > 1)} {', '.join(commits)})" if commits else ""


def _reference(paper: Paper) -> str:
    """As the start of a sentence."""
    return paper.reference[:1].upper() + paper.reference[1:]


def _card(paper: Paper) -> str:
    shown = headline(paper)
    picture = (
        f'<img src="cards/{paper.short}.webp" alt="{html.escape(shown.label)}" loading="lazy">'
        if shown
        else '<p class="missing">No figure of it has been made at this scale yet.</p>'
    )
    return (
        f'<article class="card"><h2 id="{paper.short}">'
        f'<a href="papers/{paper.short}.html">{html.escape(paper.title)}</a></h2>'
        f"{verdict_bar(paper.verdicts())}{picture}"
        f'<p class="small">{html.escape(_reference(paper))}. {len(paper.made)} of'
        f" {len(paper.figures)} figures made.</p></article>"
    )


def paper_page(paper: Paper, explorers: list[Explorer], scale: str) -> str:
    """papers/<paper>.md; figures and tables are put in place by `put_files`."""
    parts = [f"# {paper.title}\n", f"{_reference(paper)}. Scale **{scale}**.\n"]
    if not paper.made and not paper.claims:
        parts.append(
            f"Nothing of this paper has been made at this scale yet: `make {paper.short}"
            f" SCALE={scale}` trains, measures and judges it, `make site SCALE={scale}` shows it"
            " here then.\n"
        )
    parts.append(f"{verdict_bar(paper.verdicts())}\n")
    own = [one for one in explorers if one.paper == paper.short]
    if own:
        links = ", ".join(f"[{one.title}](../explore/{one.name}.md)" for one in own)
        parts.append(f"Explore: {links}.\n")
    parts.append("## Figures\n")
    for figure in paper.figures:
        if figure.png is not None:
            parts.append(_shown(figure, paper))
    missing = [figure for figure in paper.figures if figure.png is None]
    if missing:
        parts.append("### Not made yet\n")
        parts += [f"- {figure.label}: `make {figure.target} SCALE={scale}`" for figure in missing]
        parts.append("")
    parts.append("## Claims\n")
    if paper.claims:
        parts.append(
            f"Judged at commit `{short(paper.origin.get('commit', 'unknown'))}`, configuration"
            f" `{short(paper.origin.get('config_hash', 'unknown'))}`. In brackets the 95 %"
            " interval. The counts above are of the paper's own claims; checks of ours and verdicts"
            " of other papers, repeated, stand in the table as well.\n"
        )
        parts.append(claims_table(paper) + "\n")
    else:
        parts.append(
            f"{paper.declared} claims, none judged at this scale yet:"
            f" `make {paper.short} SCALE={scale}`.\n"
        )
    parts.append("## Price\n")
    if paper.prices:
        parts.append(
            "Training every run-set of the paper on the machine that made this site's results.\n"
        )
        parts.append(price_table(paper) + "\n")
    else:
        parts.append(f"`make plan TARGET={paper.short}` says what each scale costs.\n")
    return "\n".join(parts)


def _shown(figure: Figure, paper: Paper) -> str:
    folder = f"../figures/{paper.short}"
    assert figure.png is not None and figure.pdf is not None
    picture = f"{folder}/{{picture:{figure.name}}}"
    runs = "" if figure.runs is None else f" n = {figure.runs:,} run{'s' * (figure.runs != 1)}."
    commit, config = (short(str(figure.origin[key])) for key in ("commit", "config_hash"))
    own = [row for row in paper.claims if row["figure"] == figure.name]
    verdicts = " ".join(_verdict_link(row) for row in own)
    files = [f'<a href="{folder}/{figure.pdf.name}">PDF</a>']
    for path in figure.data:
        if path.stat().st_size <= LARGEST_TABLE:
            files.append(f'<a href="../tables/{paper.short}/{path.name}" download>{path.name}</a>')
        else:
            files.append(f"<code>{html.escape(path.name)}</code> (large: among the results)")
    title = html.escape(figure.title)
    origin = f"Scale {figure.origin['scale']}, commit {commit}, config {config}."
    return f"""### {figure.label} {{#{figure.name}}}

{figure.described}{runs}

<figure class="shown">
<a class="zoom" href="{picture}" aria-label="Enlarge: {title}">
<img src="{picture}" alt="{title}" loading="lazy"></a>
<figcaption>{origin} Files: {", ".join(files)}.{f"<br>{verdicts}" if verdicts else ""}</figcaption>
</figure>
"""


def _verdict_link(row: Row) -> str:
    name = row["id"]
    mark = verdict_mark(row["verdict"], f"{name} {row['verdict']}")
    return f'<a href="#claim-{html.escape(name)}">{mark}</a>'


def printed(papers: list[Paper]) -> list[pictures.Printed]:
    """The files of all figures that have been made, and where pages look for them."""
    found = []
    for paper in papers:
        for figure in paper.made:
            assert figure.pdf is not None and figure.png is not None
            folder = PurePosixPath("figures") / paper.short
            found.append(pictures.Printed(figure.pdf, figure.png, folder))
    return found


def put_files(paper: Paper, text: str, content: Path, shown: Mapping[Path, PurePosixPath]) -> str:
    """Put the tables of a paper's page below `content`; its text with the pictures' names.

    shown: by a figure's PNG, where the picture lies that stands for it.
    """
    for figure in paper.made:
        assert figure.png is not None
        text = text.replace(f"{{picture:{figure.name}}}", shown[figure.png].name)
        for path in figure.data:
            if path.stat().st_size <= LARGEST_TABLE:
                target = content / "tables" / paper.short / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    best = headline(paper)
    if best is not None and best.png is not None:
        pictures.put_card(best.png, content / "cards" / f"{paper.short}.webp")
    return text
