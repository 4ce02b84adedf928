"""Fourier components of what heads look up, or of what they carry: figures 10 and 11."""

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.store import read_provenance, read_table


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
        figure = style.new_figure(style.PAGE_WIDTH, 1.9 * lines)
        grid = figure.subplots(lines, 2, squeeze=False, sharey=True)
        for head, axes in enumerate(grid.flat):
            if head >= count:
                axes.set_axis_off()
                continue
            column = "ov_norm" if carried else "lookup"
            circuit_panels.wave_bars(axes, mine[mine["head"] == head], column, keys)
            axes.axhline(0, color="black", lw=0.5)
            panels.panel_title(axes, "abcdefgh"[head], f"head {head}")
            if head % 2 == 0:
                axes.set_ylabel("norm carried" if carried else "component of the scores")
            if carried:
                text = f"entropy over frequencies {told['ov_entropy'][head]:.2f} nats"
            else:
                share = 100 * told["lookup_explained"][head]
                text = f"k = {told['lookup_k'][head]}: {share:.1f} % of the variance"
            panels.note_box(axes, [(text, style.OURS)], "upper left")
        if count:
            low, high = grid[0, 0].get_ylim()
            grid[0, 0].set_ylim(low, high + 0.25 * (high - low))
            grid[0, 0].legend(loc="upper right", ncols=2)
        style.save(figure, out_figure, read_provenance(circuits))


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        plot_heads_fourier(
            components=snakemake.input.components,
            heads=snakemake.input.heads,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            carried=dict(snakemake.params.items()).get("carried", False),
        )
