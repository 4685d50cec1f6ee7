"""The tree and the posts with their history; business volumes. What the database itself holds to:
a live branch is what its open span says, its path is its parent's and its own; nobody active sits
in a closed branch; whoever writes a person, the history of posts is kept."""

import common.ranges
import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

_ROLES = [('frontline', '一线'), ('supervisor', '主管'), ('quality', '品质管理员'), ('director', '服务总监'), ('gm', '总经理'), ('admin', '系统管理员')]

#: What is known of the firm so far has been so as far back as anything is known.
FIRST = """
INSERT INTO staff_branchspan (branch_id, name, sort_key, parent_id)
SELECT id, name, sort_key, parent_id FROM staff_branch;
INSERT INTO staff_post (person_id, role, branch_id, is_current)
SELECT id, role, branch_id, true FROM staff_person;
"""

# Deferred: a service may write the branch first or its span.
TREE = """
CREATE FUNCTION staff_branch_as_spanned(the_branch bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    branch staff_branch;
    span staff_branchspan;
    above text;
BEGIN
    SELECT * INTO branch FROM staff_branch WHERE id = the_branch;
    IF branch.id IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO span FROM staff_branchspan WHERE branch_id = the_branch AND until IS NULL;
    IF (branch.closed_at IS NULL) <> (span.id IS NOT NULL) THEN
        RAISE EXCEPTION 'branch % : a live branch has an open span, a closed one none', branch.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF span.id IS NOT NULL AND
       (span.name, span.parent_id) IS DISTINCT FROM (branch.name, branch.parent_id) THEN
        RAISE EXCEPTION 'branch % is not what its open span says', branch.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT path INTO above FROM staff_branch WHERE id = branch.parent_id;
    IF branch.path <> coalesce(above, '/') || branch.id || '/' OR EXISTS (
        SELECT FROM staff_branch WHERE parent_id = branch.id AND path <> branch.path || id || '/'
    ) THEN
        RAISE EXCEPTION 'the path of branch % does not follow the tree', branch.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT FROM staff_branch heir
               WHERE heir.id = branch.heir_id AND heir.closed_at IS NOT NULL) OR
       (branch.closed_at IS NOT NULL AND
        EXISTS (SELECT FROM staff_branch closed WHERE closed.heir_id = branch.id)) THEN
        RAISE EXCEPTION 'the heir of branch % is closed', branch.code
            USING ERRCODE = 'restrict_violation';
    END IF;
END $$;
CREATE FUNCTION staff_branch_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM staff_branch_as_spanned(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION staff_branchspan_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM staff_branch_as_spanned(NEW.branch_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER branch_as_spanned AFTER INSERT OR UPDATE ON staff_branch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION staff_branch_checked();
CREATE CONSTRAINT TRIGGER branchspan_as_spanned AFTER INSERT OR UPDATE ON staff_branchspan
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION staff_branchspan_checked();
"""
NO_TREE = """
DROP TRIGGER branchspan_as_spanned ON staff_branchspan;
DROP TRIGGER branch_as_spanned ON staff_branch;
DROP FUNCTION staff_branchspan_checked();
DROP FUNCTION staff_branch_checked();
DROP FUNCTION staff_branch_as_spanned(bigint);
"""

# The row of the branch is held, so that it can't close between this look and the commit.
SEATED = """
CREATE FUNCTION staff_person_seated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed timestamptz;
BEGIN
    SELECT closed_at INTO closed FROM staff_branch WHERE id = NEW.branch_id FOR SHARE;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'nobody active sits in a closed branch'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER person_seated BEFORE INSERT OR UPDATE OF branch_id, is_active ON staff_person
    FOR EACH ROW WHEN (NEW.is_active) EXECUTE FUNCTION staff_person_seated();
CREATE FUNCTION staff_branch_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM staff_person WHERE branch_id = NEW.id AND is_active) THEN
        RAISE EXCEPTION 'branch % still has people', NEW.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_empty BEFORE UPDATE OF closed_at ON staff_branch
    FOR EACH ROW WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION staff_branch_empty();
"""
NOT_SEATED = """
DROP TRIGGER branch_empty ON staff_branch;
DROP FUNCTION staff_branch_empty();
DROP TRIGGER person_seated ON staff_person;
DROP FUNCTION staff_person_seated();
"""

# staff.people writes the posts; what is written past it gets its history here, at commit.
POSTS = """
CREATE FUNCTION staff_post_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who staff_person;
    ends timestamptz;
BEGIN
    SELECT * INTO who FROM staff_person WHERE id = NEW.id;
    IF who.id IS NULL OR NOT who.is_active OR EXISTS (
        SELECT FROM staff_post WHERE person_id = who.id AND is_current
        AND role = who.role AND branch_id = who.branch_id
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE staff_post SET role = who.role, branch_id = who.branch_id
    WHERE person_id = who.id AND is_current AND since >= now();
    IF FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE staff_post SET is_current = false, until = now()
    WHERE person_id = who.id AND is_current;
    SELECT min(since) INTO ends FROM staff_post
    WHERE person_id = who.id AND until IS NULL AND cancelled_at IS NULL;
    INSERT INTO staff_post (person_id, role, branch_id, is_current, since, until)
    SELECT who.id, who.role, who.branch_id, true,
           CASE WHEN count(*) > 0 THEN greatest(now(), max(until)) END, ends
    FROM staff_post WHERE person_id = who.id AND cancelled_at IS NULL AND until IS NOT NULL;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER post_kept AFTER INSERT OR UPDATE OF role, branch_id, is_active
    ON staff_person DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION staff_post_kept();
"""
NOT_POSTS = """
DROP TRIGGER post_kept ON staff_person;
DROP FUNCTION staff_post_kept();
"""

HISTORY = """
CREATE FUNCTION staff_history_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is history, and never deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER branchspan_never_deleted BEFORE DELETE ON staff_branchspan
    FOR EACH ROW EXECUTE FUNCTION staff_history_kept();
CREATE TRIGGER post_never_deleted BEFORE DELETE ON staff_post
    FOR EACH ROW EXECUTE FUNCTION staff_history_kept();
CREATE TRIGGER volume_never_deleted BEFORE DELETE ON staff_businessvolume
    FOR EACH ROW EXECUTE FUNCTION staff_history_kept();
CREATE FUNCTION staff_volume_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a business volume is corrected by a new row'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER volume_frozen BEFORE UPDATE ON staff_businessvolume FOR EACH ROW
    WHEN ((OLD.branch_id, OLD.month, OLD.pieces, OLD.source, OLD.by_id, OLD.at)
          IS DISTINCT FROM
          (NEW.branch_id, NEW.month, NEW.pieces, NEW.source, NEW.by_id, NEW.at)
          OR OLD.superseded_at IS NOT NULL)
    EXECUTE FUNCTION staff_volume_frozen();
"""
NO_HISTORY = """
DROP TRIGGER volume_frozen ON staff_businessvolume;
DROP FUNCTION staff_volume_frozen();
DROP TRIGGER volume_never_deleted ON staff_businessvolume;
DROP TRIGGER post_never_deleted ON staff_post;
DROP TRIGGER branchspan_never_deleted ON staff_branchspan;
DROP FUNCTION staff_history_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0005_sign_in'),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.AddField(
            model_name='branch',
            name='closed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='撤并时间'),
        ),
        migrations.AddField(
            model_name='branch',
            name='successor',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.branch', verbose_name='接手机构'),
        ),
        migrations.AddField(
            model_name='branch',
            name='heir',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='heritage', to='staff.branch'),
        ),
        migrations.AddConstraint(
            model_name='branch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('heir', None), ('successor', None)), models.Q(('closed_at__isnull', False), ('heir__isnull', False), ('successor__isnull', False)), _connector='OR'), name='branch_closed_has_an_heir'),
        ),
        migrations.AddConstraint(
            model_name='branch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'headquarters'), _negated=True), ('closed_at', None), _connector='OR'), name='branch_headquarters_stays_open'),
        ),
        migrations.CreateModel(
            name='BranchSpan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='名称')),
                ('sort_key', models.CharField(editable=False, max_length=200)),
                ('since', models.DateTimeField(null=True, verbose_name='起')),
                ('until', models.DateTimeField(null=True, verbose_name='止')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('branch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='spans', to='staff.branch', verbose_name='机构')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='spans_below', to='staff.branch', verbose_name='上级')),
            ],
            options={
                'verbose_name': '机构沿革',
                'verbose_name_plural': '机构沿革',
                'ordering': ('branch', models.OrderBy(models.F('since'), nulls_first=True)),
                'constraints': [
                    django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('branch', '='), (common.ranges.TsTzRange('since', 'until'), '&&')], name='branch_span_no_overlap'),
                    models.CheckConstraint(condition=models.Q(('since', None), ('until', None), ('since__lt', models.F('until')), _connector='OR'), name='branch_span_not_empty'),
                    models.UniqueConstraint(condition=models.Q(('until', None)), fields=('branch',), name='branch_span_one_open'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BusinessVolume',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='当月第一天。', verbose_name='月份')),
                ('pieces', models.PositiveBigIntegerField(verbose_name='业务量（单）')),
                ('source', models.CharField(max_length=200, verbose_name='来源')),
                ('at', models.DateTimeField(verbose_name='录入时间')),
                ('superseded_at', models.DateTimeField(null=True)),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='volumes', to='staff.branch', verbose_name='机构')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '业务量',
                'verbose_name_plural': '业务量',
                'ordering': ('-month', 'branch__sort_key', '-at', '-pk'),
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('branch', 'month'), name='business_volume_one_standing'),
                    models.CheckConstraint(condition=models.Q(('month__day', 1)), name='business_volume_month_begins'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=_ROLES, max_length=12, verbose_name='角色')),
                ('since', models.DateTimeField(null=True, verbose_name='起')),
                ('until', models.DateTimeField(null=True, verbose_name='止')),
                ('is_current', models.BooleanField(default=False)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='staff.branch', verbose_name='机构')),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='posts', to=settings.AUTH_USER_MODEL, verbose_name='人员')),
            ],
            options={
                'verbose_name': '任职',
                'verbose_name_plural': '任职',
                'ordering': ('person', models.OrderBy(models.F('since'), nulls_first=True)),
                'indexes': [models.Index(condition=models.Q(('cancelled_at', None), ('is_current', False), ('until', None)), fields=['since'], name='post_planned')],
                'constraints': [
                    django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('cancelled_at', None)), expressions=[('person', '='), (common.ranges.TsTzRange('since', 'until'), '&&')], name='post_no_overlap'),
                    models.CheckConstraint(condition=models.Q(('since', None), ('until', None), ('since__lt', models.F('until')), _connector='OR'), name='post_not_empty'),
                    models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('person',), name='post_one_current'),
                    models.CheckConstraint(condition=models.Q(('is_current', False), ('cancelled_at', None), _connector='OR'), name='post_current_not_cancelled'),
                ],
            },
        ),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.RunSQL(TREE, NO_TREE),
        migrations.RunSQL(SEATED, NOT_SEATED),
        migrations.RunSQL(POSTS, NOT_POSTS),
        migrations.RunSQL(HISTORY, NO_HISTORY),
    ]
