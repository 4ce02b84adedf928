"""Numbers made of the prime divisors of another one."""

import math


def smooth(base: int, largest: int) -> list[int]:
    """Numbers from 1 to `largest` that have no prime divisor which the base has not: what a network
    can tell from the last digits."""
    found = []
    for number in range(1, largest + 1):
        rest = number
        while (common := math.gcd(rest, base)) > 1:
            rest //= common
        if rest == 1:
            found.append(number)
    return found
