"""The ranking as the API gives it: every rate with its numerator and denominator."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from complaints.models import ROUND_KINDS, ClockKind
from reports.figures import OUTCOMES
from reports.rankings import Ranking, Standing, Tally
from reports.scoring import Rate


class RateOut(serializers.Serializer[Any]):
    """A rate with what it is made of."""

    numerator = serializers.IntegerField(source="part")
    denominator = serializers.IntegerField(source="whole")
    rate = serializers.SerializerMethodField(help_text="0 to 1; null for a denominator of 0")

    def get_rate(self, rate: Rate) -> float | None:
        """As a fraction of one."""
        return None if rate.value is None else float(rate.value)


class ClockOut(serializers.Serializer[Any]):
    """How the clocks of one kind ended."""

    on_time = RateOut()
    met = serializers.IntegerField()
    breached = serializers.IntegerField()
    attempted = serializers.IntegerField()
    unreachable = serializers.IntegerField()
    na = serializers.IntegerField()
    charged = serializers.IntegerField(help_text="breached through a wrong sorting; not in on_time")
    running = serializers.IntegerField()


class ClocksOut(serializers.Serializer[Any]):
    """The four clocks."""

    apology = ClockOut()
    result = ClockOut()
    sheet = ClockOut()
    callback = ClockOut()


class CompensationOut(serializers.Serializer[Any]):
    """What the week's remedies cost."""

    amount = serializers.DecimalField(max_digits=14, decimal_places=2, help_text="yuan")
    remedies = serializers.IntegerField()


class NumbersOut(serializers.Serializer[Any]):
    """The figures of a branch, or of all together."""

    complaints = serializers.FloatField(help_text="by shares: half the blame is half a complaint")
    clocks = ClocksOut()
    satisfaction = RateOut()
    reach = RateOut()
    compensation = CompensationOut()
    score = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, help_text="0 to 100; null when unranked"
    )


class BranchOut(serializers.Serializer[Any]):
    """Whose row it is."""

    code = serializers.CharField()
    name = serializers.CharField()


class RankedOut(NumbersOut):
    """A branch in the ranking."""

    rank = serializers.IntegerField(allow_null=True)
    standing = serializers.ChoiceField(choices=Standing.choices)
    branch = BranchOut()


class RankingOut(serializers.Serializer[Any]):
    """A week's ranking."""

    week = serializers.CharField(help_text="ISO 8601, e.g. 2026-W47")
    start = serializers.DateTimeField(help_text="inside the week")
    end = serializers.DateTimeField(help_text="outside the week")
    made_at = serializers.DateTimeField()
    rows = RankedOut(many=True)
    total = NumbersOut()
    unruled = serializers.IntegerField(help_text="the week's cases not yet ruled to any branch")
    elsewhere = serializers.FloatField(help_text="ruled to headquarters or a region, by shares")
    suppliers = serializers.FloatField(help_text="ruled to outside suppliers, by shares")
    converted = serializers.IntegerField(help_text="turned into inquiries or praise in the week")


def ranking_data(ranking: Ranking) -> dict[str, Any]:
    """What RankingOut gives out."""
    return {
        "week": str(ranking.week),
        "start": ranking.week.start,
        "end": ranking.week.end,
        "made_at": ranking.made_at,
        "rows": [
            {
                "rank": row.rank,
                "standing": row.standing,
                "branch": row.branch,
                "score": row.score,
                **_numbers(row),
            }
            for row in ranking.rows
        ],
        "total": {**_numbers(ranking.total), "score": ranking.score},
        "unruled": ranking.unruled,
        "elsewhere": ranking.elsewhere,
        "suppliers": ranking.suppliers,
        "converted": ranking.converted,
    }


def _numbers(row: Tally) -> dict[str, Any]:
    return {
        "complaints": row.complaints,
        "clocks": {kind.value: _clock(row, kind) for kind in ROUND_KINDS},
        "satisfaction": row.satisfaction,
        "reach": row.reach,
        "compensation": {"amount": row.compensation, "remedies": row.numbers["remedies"]},
    }


def _clock(row: Tally, kind: ClockKind) -> dict[str, Any]:
    ended = {outcome.value: row.numbers[f"{kind.value}_{outcome.value}"] for outcome in OUTCOMES}
    return {"on_time": row.on_time(kind), **ended}
