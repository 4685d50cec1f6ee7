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

# Whom a case is shown to besides its owner, its rectifier and their branches: who bears a share of
# the ruling, to whom it is offered, and who owns a case that repeats it or is repeated. Kept on the case itself, since a policy can't ask tables
# that have the wall themselves.
ALSO = """
CREATE FUNCTION complaints_show_also(kase bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    seen text := COALESCE(current_setting('recovery.reach', true), '');
BEGIN
    PERFORM set_config('recovery.reach', 'house', true);
    WITH sharing AS (
        SELECT part.branch_id, part.person_id
        FROM complaints_rulingpart AS part
        JOIN complaints_ruling AS ruling ON ruling.id = part.ruling_id
        WHERE ruling.complaint_id = kase AND ruling.superseded_at IS NULL AND NOT part.lead
    ),
    linked AS (
        SELECT other.owner_id, other.owner_branch_id
        FROM complaints_triage AS triage
        JOIN complaints_complaint AS other ON other.id IN (triage.complaint_id, triage.duplicate_of_id)
        WHERE kase IN (triage.complaint_id, triage.duplicate_of_id) AND other.id <> kase
            AND triage.superseded_at IS NULL AND triage.outcome = 'duplicate'
    )
    UPDATE complaints_complaint SET
        also_branch_ids = ARRAY(
            SELECT branch_id FROM sharing WHERE branch_id IS NOT NULL
            UNION SELECT owner_branch_id FROM linked ORDER BY 1),
        also_person_ids = ARRAY(
            SELECT person_id FROM sharing WHERE person_id IS NOT NULL
            UNION
            SELECT receiver_id FROM complaints_handover
            WHERE complaint_id = kase AND state = 'offered'
            UNION SELECT owner_id FROM linked ORDER BY 1)
    WHERE id = kase;
    PERFORM set_config('recovery.reach', seen, true);
END $$;
CREATE FUNCTION complaints_also_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'complaints_rulingpart' THEN
        PERFORM complaints_show_also(complaint_id) FROM complaints_ruling WHERE id = NEW.ruling_id;
    ELSIF TG_TABLE_NAME = 'complaints_triage' THEN
        PERFORM complaints_show_also(NEW.complaint_id);
        PERFORM complaints_show_also(NEW.duplicate_of_id);
    ELSIF TG_TABLE_NAME = 'complaints_complaint' THEN
        PERFORM complaints_show_also(other) FROM (
            SELECT CASE WHEN triage.complaint_id = NEW.id
                        THEN triage.duplicate_of_id ELSE triage.complaint_id END AS other
            FROM complaints_triage AS triage
            WHERE NEW.id IN (triage.complaint_id, triage.duplicate_of_id)
                AND triage.superseded_at IS NULL AND triage.outcome = 'duplicate'
        ) AS linked;
    ELSE
        PERFORM complaints_show_also(NEW.complaint_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ruling_shows_case AFTER UPDATE OF superseded_at ON complaints_ruling
    FOR EACH ROW EXECUTE FUNCTION complaints_also_shown();
CREATE TRIGGER ruling_part_shows_case AFTER INSERT OR UPDATE ON complaints_rulingpart
    FOR EACH ROW WHEN (NOT NEW.lead) EXECUTE FUNCTION complaints_also_shown();
CREATE TRIGGER triage_shows_case AFTER INSERT OR UPDATE OF superseded_at ON complaints_triage
    FOR EACH ROW WHEN (NEW.duplicate_of_id IS NOT NULL) EXECUTE FUNCTION complaints_also_shown();
CREATE TRIGGER owner_shows_linked AFTER UPDATE OF owner_id, owner_branch_id ON complaints_complaint
    FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id OR OLD.owner_branch_id <> NEW.owner_branch_id)
    EXECUTE FUNCTION complaints_also_shown();
CREATE TRIGGER handover_shows_case AFTER INSERT OR UPDATE OF state ON complaints_handover
    FOR EACH ROW EXECUTE FUNCTION complaints_also_shown();
SELECT complaints_show_also(id) FROM complaints_complaint AS kase
WHERE EXISTS (SELECT FROM complaints_rulingpart AS part
              JOIN complaints_ruling AS ruling ON ruling.id = part.ruling_id
              WHERE ruling.complaint_id = kase.id AND NOT part.lead)
    OR EXISTS (SELECT FROM complaints_handover AS handover
               WHERE handover.complaint_id = kase.id AND handover.state = 'offered')
    OR EXISTS (SELECT FROM complaints_triage AS triage
               WHERE kase.id IN (triage.complaint_id, triage.duplicate_of_id)
                   AND triage.superseded_at IS NULL AND triage.outcome = 'duplicate');
"""
NOT_ALSO = """
DROP TRIGGER owner_shows_linked ON complaints_complaint;
DROP TRIGGER triage_shows_case ON complaints_triage;
DROP TRIGGER handover_shows_case ON complaints_handover;
DROP TRIGGER ruling_part_shows_case ON complaints_rulingpart;
DROP TRIGGER ruling_shows_case ON complaints_ruling;
DROP FUNCTION complaints_also_shown();
DROP FUNCTION complaints_show_also(bigint);
"""
SEES = f"""
{HOUSE} OR id = ANY({HELD})
OR ({PERSON} <> ALL(subject_ids)
    AND ({ALL} OR owner_branch_id = ANY({BRANCHES}) OR responsible_branch_id = ANY({BRANCHES})
         OR owner_id = ANY({PEOPLE}) OR rectifier_id = ANY({PEOPLE})
         OR also_branch_ids && {BRANCHES} OR also_person_ids && {PEOPLE}))
"""
PART = "complaints_rulingpart"
HANGS_ON_IT = [
    f"complaints_{name}"
    for name in (
        "allowance", "attachment", "callback", "clock", "contact", "escalation", "event",
        "dispute", "handover", "ownership", "remedy", "ruling", "suggestion", "triage",
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
        *(
            migrations.AddField(
                model_name="complaint",
                name=name,
                field=ArrayField(
                    base_field=models.BigIntegerField(),
                    db_default=[],
                    default=list,
                    editable=False,
                    size=None,
                ),
            )
            for name in ("also_branch_ids", "also_person_ids")
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=~Q(subject_ids__contains=[F("owner_id")])
                & (Q(rectifier=None) | ~Q(subject_ids__contains=[F("rectifier_id")])),
                name="complaint_not_theirs_whom_it_is_about",
            ),
        ),
        migrations.RunSQL(ALSO, NOT_ALSO),
        migrations.RunSQL(build("complaints_complaint", SEES), tear_down("complaints_complaint")),
        migrations.RunSQL(build(PART, of(PART, "ruling_id", "complaints_ruling")), tear_down(PART)),
        *(
            migrations.RunSQL(build(table, of_case(table)), tear_down(table))
            for table in HANGS_ON_IT
        ),
    ]
