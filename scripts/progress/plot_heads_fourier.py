"""Fourier components of what heads look up, or of what they carry: figures 10 and 11."""

from string import ascii_lowercase

import numpy as np

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.plotting.heading import heading, shared_legend
from fittest.store import read_provenance, read_table

LOOKED = (
    "Does each head look up one frequency?",
    "one frequency per head, with 92.4 to 99.1 % of the variance; two heads nearly opposite",
)
CARRIED = (
    "Which frequencies does each head carry to the MLP?",
    "key frequencies alone: two heads one each, the two opposite ones all five",
)


def plot_heads_fourier(
    components: str, heads: str, circuits: str, out_figure: str, carried: bool = False
) -> None:
    """Draw the figure.

    Args:
        components, heads, circuits: Parquet. out_figure: the PDF (a PNG goes beside).
        carried: what the heads carry, not what they look up.
    """
    found, rows, fits = read_table(circuits), read_table(components), read_table(heads)
    seed = int(found["seed"].min()) if len(found) else 0
    keys, mine = circuit_panels.keys_of(found, seed), circuit_panels.of_seed(rows, seed)
    told = circuit_panels.of_seed(fits, seed).set_index("head")
    count = len(told)
    with style.paper_style():
        lines = max(1, (count + 1) // 2)
        figure = style.new_figure(style.PAGE_WIDTH, 1.6 * lines + 1.05)
        see, paper = CARRIED if carried else LOOKED
        parts = {head: mine[mine["head"] == head] for head in told.index}
        at_keys = {h: circuit_panels.share_of_keys(p, "ov_norm", keys) for h, p in parts.items()}
        found_in = at_keys.values() if carried else told["lookup_explained"]
        known = [float(share) for share in found_in if np.isfinite(share)]
        ours = f"seed {seed}, one run; {circuit_panels.said_keys(keys)} (marked)"
        if known:
            what = "of the squares at key frequencies" if carried else "of the variance at one"
            ours = f"{circuit_panels.percentages(known)} {what}; {ours}"
        heading(figure, see, paper, ours if count else "no runs")
        grid = figure.subplots(lines, 2, squeeze=False, sharey=True)
        for head, axes in enumerate(grid.flat):
            if head >= count:
                axes.set_axis_off()
                continue
            column = "ov_norm" if carried else "lookup"
            circuit_panels.wave_bars(axes, mine[mine["head"] == head], column, keys)
            if not carried:
                axes.axhline(0, color="black", lw=0.5)
            if carried:
                own = 100 * told["ov_share"][head]
                text = f"{own:.1f} % of the squares at k = {told['k'][head]}, by which it attends"
            else:
                share = 100 * told["lookup_explained"][head]
                text = f"k = {told['lookup_k'][head]}: {share:.1f} % of the variance"
            panels.panel_title(axes, ascii_lowercase[head], f"head {head}", text)
            if head % 2 == 0:
                axes.set_ylabel("norm carried" if carried else "component of $C_j$")
            if head < count - 2:
                axes.set_xlabel("")
        shared_legend(figure, 2)
        style.save(figure, out_figure, read_provenance(circuits) | {"figure_runs": int(count > 0)})


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_heads_fourier(
            components=snakemake.input.components,
            heads=snakemake.input.heads,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            carried=dict(snakemake.params.items()).get("carried", False),
        )
