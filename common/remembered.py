"""Results of pure functions, kept for the next call."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import local
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def per_thread(make: Callable[_P, _R], most: int = 64) -> Callable[_P, _R]:
    """The function with its newest results kept, by each thread for itself: for what is dear to
    put together and not safe to share, such as a queryset with others inside. Arguments have to
    be hashable, and say all that the result depends on."""
    kept = local()

    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not hasattr(kept, "results"):
            kept.results = lru_cache(most)(make)
        result: _R = kept.results(*args, **kwargs)
        return result

    return call
