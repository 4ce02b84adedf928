"""Networks told apart once more, from the spectra that training stored: under other limits than
those that it used (cosets methods 2.2, 2.15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.analysis.cosets.estimates import mean_of, named, ratio_of_sums
from fittest.analysis.cosets.neurons import Bools, Integers, NeuronRules, kinds
from fittest.analysis.statistics.intervals import share


def stored_kinds(
    parts: Iterable[pa.Table], rules: NeuronRules
) -> Iterator[tuple[Integers, Bools, Bools]]:
    """Frequency of every stored neuron of a network, and which of them are live and simple.

    Args:
        parts: of the reduction `cosets_neurons`. rules: of which no limit may be below what is
            stored.

    Raises:
        ValueError: where neurons count as live that are not stored.
    """
    if rules.live < rules.stored:
        raise ValueError(f"live: {rules.live} is below {rules.stored}, from which on they are kept")
    for part in parts:
        columns = {
            name: part[name].combine_chunks()
            for name in ("size_a", "size_b", "spectrum_a", "spectrum_b")
        }
        values = {
            name: column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
            for name, column in columns.items()
        }
        lengths = columns["size_a"].value_lengths().to_numpy(zero_copy_only=False)
        moduli = part["n"].to_numpy()
        start = 0
        spectrum = 0
        for count, n in zip(lengths.tolist(), moduli.tolist(), strict=True):
            width = n // 2
            own = slice(start, start + count)
            of_spectra = slice(spectrum, spectrum + count * width)
            a, b = (values[f"spectrum_{x}"][of_spectra].reshape(count, width).T for x in "ab")
            start, spectrum = own.stop, of_spectra.stop
            if count == 0:
                none = np.zeros(0, dtype=np.bool_)
                yield np.zeros(0, dtype=np.int64), none, none
                continue
            yield kinds(a, b, values["size_a"][own], values["size_b"][own], n, rules)


def weak_summary(parts: Iterable[pa.Table], rules: NeuronRules, confidence: float) -> pd.DataFrame:
    """One row: number of clusters of two neurons or more, share of simple neurons and of networks
    with a fine-tuning cluster, where every stored neuron is live."""
    weak = rules.model_copy(update={"live": rules.stored})
    m, live, simple, tuned = [], [], [], []
    for frequency, is_live, is_simple in stored_kinds(parts, weak):
        sizes = np.bincount(frequency[is_live], minlength=1)
        plain = np.bincount(frequency[is_simple], minlength=len(sizes))
        m.append(int((sizes >= 2).sum()))
        tuned.append(bool(((sizes >= 2) & (2 * (sizes - plain) > sizes)).any()))
        live.append(int(is_live.sum()))
        simple.append(int(is_simple.sum()))
    return pd.DataFrame(
        [
            {
                "networks": len(m),
                **named("m2", mean_of(m, confidence)),
                **named("simple", ratio_of_sums(simple, live, confidence)),
                **named("tuned", share(tuned, confidence)),
            }
        ]
    )
