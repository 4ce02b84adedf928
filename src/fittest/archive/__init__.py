"""Results of a paper at one scale in a file: to hand on, and to redraw from without training."""
