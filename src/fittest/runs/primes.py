"""Prime moduli. Apart, because analyses ask and need nothing else of a run-set."""


def is_prime(n: int) -> bool:
    """Trial division, for moduli of a few hundred."""
    return n > 1 and all(n % q for q in range(2, int(n**0.5) + 1))


def near_primes(n: int) -> list[int]:
    """The odd primes next to a number that is none: the one below, if any, and the one above."""
    below = next((q for q in range(n - 1, 2, -1) if is_prime(q)), None)
    above = next(q for q in range(max(n, 2) + 1, 2 * max(n, 2) + 1) if is_prime(q))
    return [q for q in (below, above) if q is not None]
