"""Chance that repeats itself: the same seed and subject always throw the same."""

from collections.abc import Mapping
from random import Random


def dice(seed: int, *about: object) -> Random:
    """A source of chance of its own for each subject, so that one never disturbs another."""
    return Random(":".join(str(part) for part in (seed, *about)))


def spread(rng: Random, weights: Mapping[str, float], count: int) -> list[str]:
    """`count` keys in chance order, each as often as its weight says (largest remainders)."""
    total = sum(weights.values())
    exact = {key: weight * count / total for key, weight in weights.items()}
    times = {key: int(share) for key, share in exact.items()}
    by_rest = sorted(exact, key=lambda key: times[key] - exact[key])
    for key in by_rest[: count - sum(times.values())]:
        times[key] += 1
    found = [key for key, often in times.items() for _ in range(often)]
    rng.shuffle(found)
    return found
