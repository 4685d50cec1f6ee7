"""The second wall around the cases and all that hangs on them, and whom a case is about."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

from common.wall_policies import (
    ALL,
    BRANCHES,
    HELD,
    HOUSE,
    PEOPLE,
    PERSON,
    build,
    of,
    of_case,
    tear_down,
)

# What is shown besides the cases of one's branches and people. It asks tables that have the wall
# themselves, and so asks as the house.
BESIDES = """
CREATE FUNCTION complaints_shown_besides(person bigint, branches bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE SET recovery.reach = 'house' AS $$
    SELECT COALESCE(array_agg(complaint_id), '{}') FROM (
        SELECT ruling.complaint_id
        FROM complaints_rulingpart AS part
        JOIN complaints_ruling AS ruling ON ruling.id = part.ruling_id
        WHERE ruling.superseded_at IS NULL AND NOT part.lead
            AND (part.branch_id = ANY(branches) OR part.person_id = person)
    ) AS besides
$$
"""
NOT_BESIDES = "DROP FUNCTION complaints_shown_besides(bigint, bigint[])"
SEES = f"""
{HOUSE} OR id = ANY({HELD})
OR ({PERSON} <> ALL(subject_ids)
    AND ({ALL} OR owner_branch_id = ANY({BRANCHES}) OR responsible_branch_id = ANY({BRANCHES})
         OR owner_id = ANY({PEOPLE}) OR rectifier_id = ANY({PEOPLE})
         OR id = ANY((SELECT complaints_shown_besides({PERSON}, {BRANCHES}))::bigint[])))
"""
PART = "complaints_rulingpart"
HANGS_ON_IT = [
    f"complaints_{name}"
    for name in (
        "allowance", "attachment", "callback", "clock", "contact", "escalation", "event",
        "dispute", "ownership", "remedy", "ruling", "suggestion", "triage",
    )
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("complaints", "0011_rulings_with_shares")]

    operations = [
        migrations.AddField(
            model_name="complaint",
            name="subject_ids",
            field=ArrayField(
                base_field=models.BigIntegerField(),
                db_default=[],
                default=list,
                size=None,
                verbose_name="被投诉人",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=~Q(subject_ids__contains=[F("owner_id")])
                & (Q(rectifier=None) | ~Q(subject_ids__contains=[F("rectifier_id")])),
                name="complaint_not_theirs_whom_it_is_about",
            ),
        ),
        migrations.RunSQL(BESIDES, NOT_BESIDES),
        migrations.RunSQL(build("complaints_complaint", SEES), tear_down("complaints_complaint")),
        migrations.RunSQL(build(PART, of(PART, "ruling_id", "complaints_ruling")), tear_down(PART)),
        *(
            migrations.RunSQL(build(table, of_case(table)), tear_down(table))
            for table in HANGS_ON_IT
        ),
    ]
