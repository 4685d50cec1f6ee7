"""What the database itself holds to: the running number, the story that only grows."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

NUMBER = "CREATE SEQUENCE complaints_number"
NO_NUMBER = "DROP SEQUENCE complaints_number"

APPEND_ONLY = """
CREATE FUNCTION complaints_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'complaints_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON complaints_event
    FOR EACH ROW EXECUTE FUNCTION complaints_event_append_only();
CREATE TRIGGER event_never_truncated BEFORE TRUNCATE ON complaints_event
    FOR EACH STATEMENT EXECUTE FUNCTION complaints_event_append_only();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER event_never_truncated ON complaints_event;
DROP TRIGGER event_append_only ON complaints_event;
DROP FUNCTION complaints_event_append_only();
"""

# Set once: the first receiver and the time the case was entered never change.
SET_ONCE = """
CREATE FUNCTION complaints_complaint_set_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.no, NEW.first_receiver_id, NEW.entered_at, NEW.policy_id)
       IS DISTINCT FROM (OLD.no, OLD.first_receiver_id, OLD.entered_at, OLD.policy_id) THEN
        RAISE EXCEPTION 'number, first receiver, entry time and policy of a case never change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaint_set_once BEFORE UPDATE ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION complaints_complaint_set_once();
CREATE TRIGGER complaint_never_deleted BEFORE DELETE ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION complaints_event_append_only();
"""
NOT_SET_ONCE = """
DROP TRIGGER complaint_never_deleted ON complaints_complaint;
DROP TRIGGER complaint_set_once ON complaints_complaint;
DROP FUNCTION complaints_complaint_set_once();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0002_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(NUMBER, NO_NUMBER),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(SET_ONCE, NOT_SET_ONCE),
    ]
