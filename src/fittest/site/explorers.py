"""The explorers: which there are, and their pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explorer:
    """A page on which readers choose what they see of some networks.

    Attributes:
        name: of its page, its script and its data. paper: whose page links to it.
        about: what can be chosen, for lists. how: for its own page.
    """

    name: str
    paper: str
    title: str
    about: str
    how: str


EXPLORERS = (
    Explorer(
        "signals",
        "survival",
        "Signals of a run",
        "how the frequencies of one network live and die, and its circles where its embedding is"
        " kept",
        "Choose a run-set, a run and a step. The upper picture shows the signal of every frequency"
        " over the steps, survivors in colour; the lower one the tokens in the plane of a chosen"
        " frequency at the nearest step whose embedding is here.",
    ),
    Explorer(
        "survival",
        "survival",
        "Who survives",
        "the curve of figure 6 under other survivor rules and at other steps",
        "Each point is one frequency of one initial embedding: how large its signal was at the"
        " start, and in what share of the trials it survived. Choose the rule that says what"
        " survival is, and the step at which it is asked.",
    ),
    Explorer(
        "circuits",
        "progress",
        "Inside a transformer",
        "losses, spectra and logits of a transformer as it groks",
        "Choose a run and a step. Above, the losses over the steps with the chosen step marked;"
        " below, the spectra of the embedding and of the map from neurons to logits at that step,"
        " and the coefficients of the key frequencies in the logits.",
    ),
    Explorer(
        "cosets",
        "cosets",
        "A population of networks",
        "frequencies and clusters of many networks, and the neurons of one of them",
        "Above, in how many networks each frequency has a cluster of neurons, and how many clusters"
        " networks have. Choose one network and one of its frequencies to see its neurons over"
        " their inputs, as they are and remapped to a common frequency.",
    ),
    Explorer(
        "structures",
        "completeness",
        "Remainder and XOR",
        "where the learned structure stood among all possible ones before training",
        "Each run learned one order of remainders, or one cube. The dots show how complete the"
        " initial embedding already was for the learned structure, beside the least, the mean and"
        " the greatest of all; a rank of 0 means that it was the most complete of all.",
    ),
)


def page(explorer: Explorer, data: bool, scale: str) -> str:
    """explore/<name>.md: a frame that the site's script fills, or what is missing for it."""
    frame = (
        f'<div class="explorer" data-explorer="{explorer.name}">'
        "<p>This page needs JavaScript.</p></div>"
        if data
        else f"The results that it shows are not here at this scale: `make {explorer.paper}"
        f" SCALE={scale}` makes them, then `make site SCALE={scale}` shows them."
    )
    return f"""---
title: {explorer.title}
hide:
  - toc
---
# {explorer.title}

{explorer.how} The address of this page holds what you chose: copy it to show it to others.

{frame}
"""
