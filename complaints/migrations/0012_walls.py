"""The second wall around the cases and all that hangs on them, and whom a case is about."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

from common.wall_policies import ALL, BRANCHES, HELD, HOUSE, PEOPLE, PERSON, build, of_case, tear_down

SEES = f"""
{HOUSE} OR id = ANY({HELD})
OR ({PERSON} <> ALL(subject_ids)
    AND ({ALL} OR owner_branch_id = ANY({BRANCHES}) OR responsible_branch_id = ANY({BRANCHES})
         OR owner_id = ANY({PEOPLE}) OR rectifier_id = ANY({PEOPLE})))
"""
HANGS_ON_IT = [
    f"complaints_{name}"
    for name in (
        "allowance", "attachment", "callback", "clock", "contact", "escalation", "event",
        "ownership", "remedy", "ruling",
    )
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("complaints", "0009_drop_doubled_indexes")]

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
        migrations.RunSQL(build("complaints_complaint", SEES), tear_down("complaints_complaint")),
        *(
            migrations.RunSQL(build(table, of_case(table)), tear_down(table))
            for table in HANGS_ON_IT
        ),
    ]
