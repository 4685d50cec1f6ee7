"""What the database itself holds to: an approved policy never changes, a clock keeps its start,
its row of the policy and its first due time, and a ring that comes soon wakes the sweepers."""

import django.db.models.deletion
from django.db import migrations, models

# The rows of an approved policy; the parent is looked up, so that no path leads around it.
FROZEN_POLICY = """
CREATE FUNCTION complaints_policy_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owners bigint[];
BEGIN
    IF TG_TABLE_NAME = 'complaints_policy' THEN
        IF OLD.state = 'approved' THEN
            RAISE EXCEPTION 'an approved policy never changes'
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSE
        IF TG_TABLE_NAME = 'complaints_policyclock' THEN
            owners := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.policy_id END,
                            CASE WHEN TG_OP <> 'DELETE' THEN NEW.policy_id END];
        ELSE
            owners := ARRAY(SELECT policy_id FROM complaints_policyclock
                            WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.clock_id END,
                                         CASE WHEN TG_OP <> 'DELETE' THEN NEW.clock_id END));
        END IF;
        IF EXISTS (SELECT FROM complaints_policy
                   WHERE id = ANY(owners) AND state = 'approved') THEN
            RAISE EXCEPTION 'an approved policy never changes'
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER policy_frozen BEFORE UPDATE OR DELETE ON complaints_policy
    FOR EACH ROW EXECUTE FUNCTION complaints_policy_frozen();
CREATE TRIGGER policy_clock_frozen BEFORE INSERT OR UPDATE OR DELETE ON complaints_policyclock
    FOR EACH ROW EXECUTE FUNCTION complaints_policy_frozen();
CREATE TRIGGER policy_step_frozen BEFORE INSERT OR UPDATE OR DELETE ON complaints_policystep
    FOR EACH ROW EXECUTE FUNCTION complaints_policy_frozen();
"""
NOT_FROZEN_POLICY = """
DROP TRIGGER policy_step_frozen ON complaints_policystep;
DROP TRIGGER policy_clock_frozen ON complaints_policyclock;
DROP TRIGGER policy_frozen ON complaints_policy;
DROP FUNCTION complaints_policy_frozen();
"""

SET_ONCE = """
CREATE FUNCTION complaints_clock_set_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case, kind, round, policy, start and first due time of a clock never change'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER clock_set_once
    BEFORE UPDATE OF complaint_id, kind, round, policy_clock_id, started_at, original_due_at
    ON complaints_clock FOR EACH ROW
    WHEN ((OLD.complaint_id, OLD.kind, OLD.round, OLD.policy_clock_id, OLD.started_at,
           OLD.original_due_at)
          IS DISTINCT FROM
          (NEW.complaint_id, NEW.kind, NEW.round, NEW.policy_clock_id, NEW.started_at,
           NEW.original_due_at))
    EXECUTE FUNCTION complaints_clock_set_once();
"""
NOT_SET_ONCE = """
DROP TRIGGER clock_set_once ON complaints_clock;
DROP FUNCTION complaints_clock_set_once();
"""

# Sweepers look at least once a second by themselves; only what comes sooner has to wake them.
WAKE = """
CREATE FUNCTION complaints_clock_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('clock_rings', '');
    RETURN NULL;
END $$;
CREATE TRIGGER clock_wakes_on_insert AFTER INSERT ON complaints_clock FOR EACH ROW
    WHEN (NEW.next_at <= now() + interval '2 seconds')
    EXECUTE FUNCTION complaints_clock_wake();
CREATE TRIGGER clock_wakes_on_update AFTER UPDATE OF next_at ON complaints_clock FOR EACH ROW
    WHEN (NEW.next_at <= now() + interval '2 seconds')
    EXECUTE FUNCTION complaints_clock_wake();
"""
NO_WAKE = """
DROP TRIGGER clock_wakes_on_update ON complaints_clock;
DROP TRIGGER clock_wakes_on_insert ON complaints_clock;
DROP FUNCTION complaints_clock_wake();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0006_complete_policies")]

    operations = [
        migrations.AlterField(
            model_name="clock",
            name="policy_clock",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="clocks",
                to="complaints.policyclock",
            ),
        ),
        migrations.AlterField(
            model_name="clock", name="original_due_at", field=models.DateTimeField()
        ),
        migrations.RunSQL(FROZEN_POLICY, NOT_FROZEN_POLICY),
        migrations.RunSQL(SET_ONCE, NOT_SET_ONCE),
        migrations.RunSQL(WAKE, NO_WAKE),
    ]
