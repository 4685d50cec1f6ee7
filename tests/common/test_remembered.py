"""Results that are kept for the next call."""

from __future__ import annotations

from threading import Thread

from common.remembered import per_thread


def test_a_thread_keeps_its_own_results_and_no_others() -> None:
    made: list[int] = []

    def double(number: int) -> list[int]:
        made.append(number)
        return [2 * number]

    kept = per_thread(double)
    assert kept(2) is kept(2)
    elsewhere: list[list[int]] = []
    thread = Thread(target=lambda: elsewhere.append(kept(2)))
    thread.start()
    thread.join()
    assert elsewhere == [[4]]
    assert elsewhere[0] is not kept(2)
    assert made == [2, 2]


def test_only_the_newest_are_kept() -> None:
    made: list[int] = []
    kept = per_thread(made.append, most=2)
    for number in (1, 2, 3, 3, 1):
        kept(number)
    assert made == [1, 2, 3, 1]
