"""The same grams, made of numbers throughout: a seventh of the time for 100 signs."""

from django.db import migrations

# `UNION` leaves each gram once; a row of VALUES for each sign took most of the time before.
QUICK = """
CREATE OR REPLACE FUNCTION complaints_grams(folded text) RETURNS int[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT COALESCE(array_agg(gram), '{}')
    FROM (SELECT array_agg(ascii(sign)) AS signs FROM string_to_table(folded, NULL) AS sign) AS read,
         LATERAL (
            SELECT ((a::bigint * 92821 + b) & 2147483647)::int
            FROM unnest(signs, signs[2:]) AS next (a, b) WHERE a <> 10 AND b <> 10
            UNION
            SELECT -(((a * 128 + b) * 128 + c) * 128 + d)
            FROM unnest(signs, signs[2:], signs[3:], signs[4:]) AS next (a, b, c, d)
            WHERE a BETWEEN 48 AND 122 AND b BETWEEN 48 AND 122
                AND c BETWEEN 48 AND 122 AND d BETWEEN 48 AND 122
         ) AS made (gram)
);
"""


class Migration(migrations.Migration):
    """Only the function; what it makes is the same."""

    dependencies = [("complaints", "0018_search")]

    operations = [migrations.RunSQL(QUICK, migrations.RunSQL.noop)]
