"""What a trained transformer computes of two operands: Fourier components of its weights and
activations, losses without some of them, ablations, attention (progress paper, sections 4 and 5).

Everything is a pure function of numpy arrays. Tables over all pairs have the shape (P, P, ...),
the first operand outermost, and the class of the sign of equality is dropped everywhere.
"""
