"""What came before the clock engine, brought up to it: the first policy is in force and gives a
returned sheet a day; each clock knows its row of the policy and its first due time."""

from django.db import migrations

HOUR = 60
RESUBMISSION = (
    24 * HOUR,
    [
        (0, -12 * HOUR, True, []),
        (0, -6 * HOUR, True, ["supervisor"]),
        (1, 0, False, ["supervisor", "quality"]),
        (2, 4 * HOUR, False, ["director"]),
        (3, 24 * HOUR, False, ["gm"]),
    ],
)

FILL = """
UPDATE complaints_clock AS clock
SET policy_clock_id = length.id,
    original_due_at = clock.due_at,
    rises = kase.severity = 'critical'
            AND clock.kind = CASE WHEN kase.anonymous THEN 'sheet' ELSE 'apology' END,
    level = COALESCE((SELECT max(taken.level) FROM complaints_escalation AS taken
                      WHERE taken.clock_id = clock.id), 0)
FROM complaints_complaint AS kase, complaints_policyclock AS length
WHERE kase.id = clock.complaint_id
  AND length.policy_id = kase.policy_id AND length.kind = clock.kind
"""


def create(apps, schema_editor):
    policies = apps.get_model("complaints", "Policy").objects
    for policy in policies.exclude(clocks__kind="resubmit"):
        minutes, steps = RESUBMISSION
        clock = apps.get_model("complaints", "PolicyClock").objects.create(
            policy=policy, kind="resubmit", minutes=minutes
        )
        step = apps.get_model("complaints", "PolicyStep")
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
    policies.filter(state="draft").update(state="approved")


class Migration(migrations.Migration):
    dependencies = [("complaints", "0005_clock_engine")]

    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
