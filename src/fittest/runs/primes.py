"""Prime moduli. Apart, because analyses ask and need nothing else of a run-set."""


def is_prime(n: int) -> bool:
    """Trial division, for moduli of a few hundred."""
    return n > 1 and all(n % q for q in range(2, int(n**0.5) + 1))
