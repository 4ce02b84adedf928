"""What figures of the progress paper's other tasks say: how sudden a change is and how far it goes,
or whether and how late the test loss falls on a sample."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fittest.plotting.loss_words import number, times

CHANGE = "one sharp change, in which the task is learned"
REMARKS = {
    "trigram_fin": "the paper does not say how long its sequences are, on which this depends"
}
"""What else a reader has to know of a run-set."""
FALL = "the losses part, and that of the test drops sharply later"


def change_words(found: Mapping[str, float], share: float) -> str:
    """How suddenly a task is learned from fresh examples, and how far.

    Args:
        found: `start`, `stop` (steps), `width`, `end` and `floor` (nats) of its fall.
        share: of the fall, that is held by the stretch told.
    """
    if math.isnan(found["width"]):
        return "no fall"
    stretch = f"steps {found['start']:,.0f} to {found['stop']:,.0f}"
    end, least = number(found["end"]), number(found["floor"])
    return (
        f"{100 * share:.0f} % of the fall within {stretch}, {100 * found['width']:.2g} % of all;"
        f" ends at {end} nats, the least possible is {least}"
    )


def fall_words(found: Mapping[str, float], parted: float, low: float) -> str:
    """Whether losses part on a sample, and how late the test loss falls then.

    Args:
        found: `learned` and `fallen` (steps), `peak` and `train_end` (nats) and `ratio`.
        parted: least peak of losses that part, nats. low: train loss from which on it is sought.
    """
    if not math.isfinite(found["learned"]):
        end = number(found["train_end"])
        return f"the train loss is not below {low:g} yet: {end} nats at the end"
    when = f"once the train loss is below {low:g}, at step {found['learned']:,.0f}"
    peak = f"the test loss is at most {number(found['peak'])} nats {when}"
    if found["peak"] < parted:
        return f"the losses do not part, to {parted:g} nat and more: {peak}, first fall included"
    fifth = (
        f"a fifth of that at step {found['fallen']:,.0f}"
        if math.isfinite(found["fallen"])
        else "never a fifth of that"
    )
    return f"{peak}; {fifth}, {times(found['ratio'])} less at the end"


def shot_words(found: Mapping[str, float]) -> str:
    """What the spikes of a train loss are, with how many come before the fall; empty without any.

    Args:
        found: `all_shots` and `shots`, numbers, `fallen` a step.
    """
    if not found["all_shots"] > 0:
        return ""
    told = f"spikes of the train loss: {found['all_shots']:.0f} slingshots"
    if not math.isfinite(found["fallen"]):
        return told
    return f"{told}, {found['shots']:.0f} of them by step {found['fallen']:,.0f}"
