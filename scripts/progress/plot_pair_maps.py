"""Attention, neurons and the logits' spectrum over all pairs of one run: figures 4, 9 and 12."""

from fittest.pipeline.script import rule_job
from fittest.plotting import circuit_panels, panels, style
from fittest.store import read_provenance, read_table


def plot_pair_maps(
    maps: str,
    circuits: str,
    out_figure: str,
    heads: int = 0,
    neurons: int = 0,
    first_neuron: int = 0,
    spectrum: bool = False,
) -> None:
    """Draw the figure.

    Args:
        maps, circuits: Parquet. out_figure: the PDF (a PNG goes beside).
        heads, neurons: how many are drawn, of neurons from `first_neuron` on. spectrum: whether the
            logits' is.
    """
    rows = read_table(maps)
    found = list(rows[["of", "index"]].drop_duplicates().itertuples(index=False, name=None))
    wanted = [("attention", index) for index in range(heads)]
    wanted += [("neuron", first_neuron + index) for index in range(neurons)]
    wanted += [("logits", 0)] if spectrum else []
    shown = [one for one in wanted if one in found]
    with style.paper_style():
        columns = 3 if len(shown) == 3 else 2
        lines = -(-len(shown) // columns)
        figure = style.new_figure(style.PAGE_WIDTH, (2.3 if columns == 3 else 2.9) * lines)
        grid = figure.subplots(lines, columns, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place >= len(shown):
                axes.set_axis_off()
                continue
            of, index = shown[place]
            part = rows[(rows["of"] == of) & (rows["index"] == index)]
            limits = (0.0, 1.0) if of == "attention" else None
            image = circuit_panels.pair_map(axes, part, limits, of == "logits")
            title, label = _words(of, index)
            panels.panel_title(axes, "abcdefgh"[place], title)
            figure.colorbar(image, ax=axes, shrink=0.75, label=label)
        style.save(figure, out_figure, read_provenance(circuits))


def _words(of: str, index: int) -> tuple[str, str]:
    return {
        "attention": (f"head {index}: attention to a", "share of attention"),
        "neuron": (f"neuron {index}", "activation"),
        "logits": ("spectrum of the logits", "norm over classes"),
    }[of]


if "snakemake" in globals():
    with rule_job(globals()["snakemake"]) as snakemake:
        told = dict(snakemake.params.items())
        names = ("heads", "neurons", "first_neuron", "spectrum")
        plot_pair_maps(
            maps=snakemake.input.maps,
            circuits=snakemake.input.circuits,
            out_figure=snakemake.output.figure,
            **{name: told[name] for name in names if name in told},
        )
