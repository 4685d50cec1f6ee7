"""The policy a firm starts with (`docs/domain.md` section 3), and a category for what fits none."""

from datetime import UTC, datetime

from django.db import migrations

# kind: (minutes, [(level, minutes from due, tells the debtor, roles)])
HOUR = 60
LADDER = {
    "apology": (
        1 * HOUR,
        [
            (0, -30, True, []),
            (0, -12, True, ["supervisor"]),
            (1, 0, False, ["supervisor"]),
            (2, 30, False, ["quality", "director"]),
            (3, 2 * HOUR, False, ["gm"]),
        ],
    ),
    "result": (
        24 * HOUR,
        [
            (0, -12 * HOUR, True, []),
            (0, -6 * HOUR, True, ["supervisor"]),
            (1, 0, False, ["supervisor", "quality"]),
            (2, 4 * HOUR, False, ["director"]),
            (3, 24 * HOUR, False, ["gm"]),
        ],
    ),
    "sheet": (
        48 * HOUR,
        [
            (0, -24 * HOUR, True, []),
            (0, -8 * HOUR, True, ["supervisor"]),
            (1, 0, False, ["supervisor", "quality"]),
            (2, 24 * HOUR, False, ["director"]),
            (3, 72 * HOUR, False, ["gm"]),
        ],
    ),
    "callback": (
        72 * HOUR,
        [
            (0, -24 * HOUR, True, []),
            (0, -6 * HOUR, True, ["supervisor"]),
            (1, 0, False, ["director"]),
            (2, 24 * HOUR, False, ["gm"]),
        ],
    ),
}


def create(apps, schema_editor):
    policy = apps.get_model("complaints", "Policy").objects.create(
        version=1, effective_from=datetime(2000, 1, 1, tzinfo=UTC)
    )
    step = apps.get_model("complaints", "PolicyStep")
    for kind, (minutes, steps) in LADDER.items():
        clock = apps.get_model("complaints", "PolicyClock").objects.create(
            policy=policy, kind=kind, minutes=minutes
        )
        step.objects.bulk_create(
            step(
                clock=clock,
                number=number,
                level=level,
                offset_minutes=offset,
                tells_debtor=tells_debtor,
                roles=roles,
            )
            for number, (level, offset, tells_debtor, roles) in enumerate(steps)
        )
    apps.get_model("complaints", "Category").objects.create(
        code="other", name="其他", position=999
    )


class Migration(migrations.Migration):
    dependencies = [("complaints", "0003_promises")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
