"""The words of cases in a table of their own, which is searched and fed after the commit."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from common.wall_policies import build, of_case, tear_down

TABLE = "complaints_searchtext"

# How words are compared, in one place for what is stored and what is looked for. Grams are numbers
# of pairs of neighbouring signs, and below zero those of four letters or digits in a row: pairs of
# digits stand in every order number. `searching.grams` says the same; the numbers are kept.
WORDS = """
CREATE FUNCTION complaints_fold(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(normalize(said, NFKC));

CREATE FUNCTION complaints_words(order_no text, what text, sought text, said text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(normalize(
    order_no || E'\\n' || what || E'\\n' || sought || COALESCE(E'\\n' || said, ''), NFKC));

CREATE FUNCTION complaints_grams(folded text) RETURNS int[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT COALESCE(array_agg(DISTINCT gram), '{}')
    FROM (SELECT string_to_array(folded, NULL) AS signs) AS read,
         unnest(signs, signs[2:], signs[3:], signs[4:]) AS next (a, b, c, d),
         LATERAL (VALUES
            (CASE WHEN b IS NOT NULL AND a <> E'\\n' AND b <> E'\\n'
                  THEN ((ascii(a)::bigint * 92821 + ascii(b)) & 2147483647)::int END),
            (CASE WHEN d IS NOT NULL AND least(a, b, c, d) COLLATE "C" >= '0'
                       AND greatest(a, b, c, d) COLLATE "C" <= 'z'
                  THEN -(((ascii(a) * 128 + ascii(b)) * 128 + ascii(c)) * 128 + ascii(d)) END)
         ) AS made (gram)
    WHERE gram IS NOT NULL
);
"""
NO_WORDS = """
DROP FUNCTION complaints_grams(text);
DROP FUNCTION complaints_words(text, text, text, text);
DROP FUNCTION complaints_fold(text);
"""

# A row for each change, written with it: whoever copies sees both or neither, in whatever order
# transactions end.
DUE = """
CREATE FUNCTION complaints_search_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'complaints_complaint' THEN
        INSERT INTO complaints_searchdue (case_id) VALUES (NEW.id);
    ELSE
        INSERT INTO complaints_searchdue (case_id) VALUES (NEW.complaint_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER complaint_new_is_searched AFTER INSERT ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION complaints_search_due();
CREATE TRIGGER complaint_changed_is_searched
    AFTER UPDATE OF order_no, what, remedy_sought, complainant_name ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION complaints_search_due();
CREATE TRIGGER statement_is_searched AFTER INSERT OR UPDATE ON complaints_statement
    FOR EACH ROW EXECUTE FUNCTION complaints_search_due();
INSERT INTO complaints_searchdue (case_id) SELECT id FROM complaints_complaint ORDER BY id;
"""
NOT_DUE = """
DROP TRIGGER statement_is_searched ON complaints_statement;
DROP TRIGGER complaint_changed_is_searched ON complaints_complaint;
DROP TRIGGER complaint_new_is_searched ON complaints_complaint;
DROP FUNCTION complaints_search_due();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0017_incident")]

    operations = [
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.CreateModel(
            name="SearchDue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchGrams",
            fields=[
                ("case_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "grams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["grams"], name="search_by_grams"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "complaint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="complaints.complaint",
                    ),
                ),
                ("name", models.TextField(blank=True)),
                ("words", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("name", ""), _negated=True),
                        fields=["name"],
                        name="search_by_name",
                    )
                ],
            },
        ),
        migrations.RunSQL(build(TABLE, of_case(TABLE)), tear_down(TABLE)),
        migrations.RunSQL(DUE, NOT_DUE),
    ]
