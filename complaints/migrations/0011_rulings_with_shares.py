"""Rulings with shares, disputes, sortings and suggestions; and what the database holds to: the
shares of a ruling make 100 %, and exactly one of its parts leads."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Looked at when the transaction ends: a ruling and its parts are written one after the other.
SHARES = """
CREATE FUNCTION complaints_ruling_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ruling bigint;
    total numeric;
    leads integer;
    seen text := COALESCE(current_setting('recovery.reach', true), '');
BEGIN
    PERFORM set_config('recovery.reach', 'house', true);  -- a promise looks through every wall
    IF TG_TABLE_NAME = 'complaints_ruling' THEN
        ruling := NEW.id;
    ELSE
        ruling := CASE WHEN TG_OP = 'DELETE' THEN OLD.ruling_id ELSE NEW.ruling_id END;
    END IF;
    IF NOT EXISTS (SELECT FROM complaints_ruling WHERE id = ruling) THEN
        PERFORM set_config('recovery.reach', seen, true);
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(share), 0), count(*) FILTER (WHERE lead) INTO total, leads
      FROM complaints_rulingpart WHERE ruling_id = ruling;
    IF total <> 100 OR leads <> 1 THEN
        RAISE EXCEPTION 'the shares of a ruling make 100 and one part leads, not % and %',
            total, leads USING ERRCODE = 'check_violation', CONSTRAINT = 'ruling_shares_are_whole';
    END IF;
    PERFORM set_config('recovery.reach', seen, true);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ruling_has_parts AFTER INSERT ON complaints_ruling
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION complaints_ruling_shares();
CREATE CONSTRAINT TRIGGER ruling_shares_are_whole
    AFTER INSERT OR UPDATE OR DELETE ON complaints_rulingpart
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION complaints_ruling_shares();
"""
NO_SHARES = """
DROP TRIGGER ruling_shares_are_whole ON complaints_rulingpart;
DROP TRIGGER ruling_has_parts ON complaints_ruling;
DROP FUNCTION complaints_ruling_shares();
"""

# What was ruled so far, each as one part of 100 %. The checks that wait are done at once, so that
# the columns can go.
ONE_PART = """
INSERT INTO complaints_rulingpart (ruling_id, branch_id, person_id, share, lead)
SELECT id, branch_id, person_id, 100, true FROM complaints_ruling;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

# The sortings so far, as the story tells them.
SORTINGS = """
INSERT INTO complaints_triage (complaint_id, outcome, reason, note, by_id, at, superseded_at, opinion)
SELECT complaint_id,
       CASE WHEN kind = 'accept' THEN 'valid'
            WHEN reason IN ('inquiry', 'praise') THEN reason ELSE 'invalid' END,
       CASE WHEN kind = 'accept' THEN '' ELSE reason END,
       note, actor_id, at, lead(at) OVER (PARTITION BY complaint_id ORDER BY at, id), ''
  FROM (SELECT id, complaint_id, kind, actor_id, at,
               coalesce(data -> 'changes' -> 'invalid_reason' ->> 1, 'no_facts') AS reason,
               left(coalesce(data ->> 'note', ''), 500) AS note
          FROM complaints_event
         WHERE kind IN ('accept', 'reject') AND actor_id IS NOT NULL) AS told;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0010_handover'),
        ('staff', '0003_service_calendars'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='代码')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='名称')),
                ('is_active', models.BooleanField(default=True, verbose_name='在用')),
            ],
            options={
                'verbose_name': '部门',
                'verbose_name_plural': '部门',
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='Supplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='代码')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='名称')),
                ('contact', models.CharField(blank=True, max_length=120, verbose_name='联系人和电话')),
                ('is_active', models.BooleanField(default=True, verbose_name='在用')),
            ],
            options={
                'verbose_name': '外部供应商',
                'verbose_name_plural': '外部供应商',
                'ordering': ('name',),
            },
        ),
        migrations.AddField(
            model_name='ruling',
            name='evidence',
            field=models.ManyToManyField(related_name='+', to='complaints.attachment', verbose_name='附件证据'),
        ),
        migrations.AddField(
            model_name='ruling',
            name='round',
            field=models.PositiveSmallIntegerField(db_default=1),
        ),
        migrations.AddField(
            model_name='ruling',
            name='stage',
            field=models.CharField(choices=[('first', '初判'), ('reviewed', '复核'), ('final', '终裁')], db_default='first', max_length=10, verbose_name='阶段'),
        ),
        migrations.AddField(
            model_name='ruling',
            name='talks',
            field=models.ManyToManyField(related_name='+', to='complaints.contact', verbose_name='联系记录证据'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='invalid_reason',
            field=models.CharField(blank=True, choices=[('not_ours', '非本公司业务'), ('no_facts', '无事实依据'), ('inquiry', '实为咨询'), ('praise', '实为表扬'), ('malicious', '恶意投诉'), ('duplicate', '重复投诉')], max_length=12, verbose_name='无效原因'),
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reasons', models.TextField(verbose_name='申诉理由')),
                ('raised_at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('open', '待答复'), ('upheld', '维持原判'), ('changed', '改判')], db_default='open', max_length=10)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('answered_with', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='complaints.ruling')),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.branch')),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='complaints.complaint')),
                ('evidence', models.ManyToManyField(related_name='+', to='complaints.attachment', verbose_name='附件证据')),
                ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ruling', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='complaints.ruling')),
            ],
            options={
                'verbose_name': '责任争议',
                'verbose_name_plural': '责任争议',
                'ordering': ('raised_at', 'pk'),
                'indexes': [models.Index(condition=models.Q(('outcome', 'open')), fields=['raised_at'], name='dispute_open_by_time')],
                'constraints': [models.UniqueConstraint(fields=('ruling',), name='dispute_once_a_ruling'), models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('complaint',), name='dispute_one_open_a_case'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('answered_by', None), ('answered_with', None), ('outcome', 'open')), models.Q(models.Q(('outcome', 'open'), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False), ('answered_with__isnull', False)), _connector='OR'), name='dispute_answered_says_how'), models.CheckConstraint(condition=models.Q(('answered_by', None), models.Q(('answered_by', models.F('raised_by')), _negated=True), _connector='OR'), name='dispute_never_answered_by_its_raiser'), models.CheckConstraint(condition=models.Q(('answered_with', None), models.Q(('answered_with', models.F('ruling')), _negated=True), _connector='OR'), name='dispute_answered_by_another_ruling')],
            },
        ),
        migrations.CreateModel(
            name='Suggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('triage', '分拣建议'), ('ruling', '判责建议')], max_length=10)),
                ('reason', models.CharField(blank=True, choices=[('not_ours', '非本公司业务'), ('no_facts', '无事实依据'), ('inquiry', '实为咨询'), ('praise', '实为表扬'), ('malicious', '恶意投诉'), ('duplicate', '重复投诉')], db_default='', max_length=12, verbose_name='无效原因')),
                ('note', models.CharField(max_length=500, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('branch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='staff.branch')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suggestions', to='complaints.complaint')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '建议',
                'verbose_name_plural': '建议',
                'ordering': ('at', 'pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('branch', None), ('kind', 'triage'), ('person', None)), models.Q(('branch__isnull', False), ('kind', 'ruling'), ('reason', '')), _connector='OR'), name='suggestion_speaks_of_one_thing')],
            },
        ),
        migrations.CreateModel(
            name='RulingPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='责任份额（%）')),
                ('lead', models.BooleanField(db_default=False)),
                ('branch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ruling_parts', to='staff.branch', verbose_name='责任机构')),
                ('department', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.department', verbose_name='责任部门')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ruling_parts', to=settings.AUTH_USER_MODEL, verbose_name='责任人')),
                ('ruling', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='complaints.ruling')),
                ('supplier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ruling_parts', to='complaints.supplier', verbose_name='外部供应商')),
            ],
            options={
                'verbose_name': '责任份额',
                'verbose_name_plural': '责任份额',
                'ordering': ('ruling', '-lead', 'pk'),
                'indexes': [models.Index(fields=['ruling'], name='ruling_part_by_ruling')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('branch__isnull', False), ('supplier', None)), models.Q(('branch', None), ('supplier__isnull', False)), _connector='OR'), name='ruling_part_branch_or_supplier'), models.CheckConstraint(condition=models.Q(('branch__isnull', False), models.Q(('department', None), ('person', None)), _connector='OR'), name='ruling_part_person_needs_branch'), models.CheckConstraint(condition=models.Q(models.Q(('share__gt', 0), ('share__lte', 100)), models.Q(('lead', True), ('share', 0)), _connector='OR'), name='ruling_part_share_in_range'), models.CheckConstraint(condition=models.Q(('lead', False), models.Q(('branch__isnull', False), ('person__isnull', False)), _connector='OR'), name='ruling_part_lead_names_branch_and_person'), models.UniqueConstraint(condition=models.Q(('lead', True)), fields=('ruling',), name='ruling_part_one_leads')],
            },
        ),
        migrations.CreateModel(
            name='Triage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('valid', '有效'), ('invalid', '无效'), ('duplicate', '重复'), ('inquiry', '转咨询'), ('praise', '转表扬')], max_length=10, verbose_name='分拣结果')),
                ('reason', models.CharField(blank=True, choices=[('not_ours', '非本公司业务'), ('no_facts', '无事实依据'), ('inquiry', '实为咨询'), ('praise', '实为表扬'), ('malicious', '恶意投诉'), ('duplicate', '重复投诉')], max_length=12, verbose_name='原因')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='依据')),
                ('at', models.DateTimeField()),
                ('superseded_at', models.DateTimeField(null=True)),
                ('upheld', models.BooleanField(null=True)),
                ('opinion', models.CharField(blank=True, max_length=500, verbose_name='复核意见')),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='triages', to='complaints.complaint')),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint', verbose_name='与哪件重复')),
                ('reviewed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '分拣',
                'verbose_name_plural': '分拣',
                'ordering': ('at', 'pk'),
                'indexes': [models.Index(condition=models.Q(('outcome', 'valid'), _negated=True), fields=['at'], name='triage_sorted_out_by_time')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('complaint',), name='triage_one_stands_a_case'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'valid'), ('reason', '')), models.Q(models.Q(('outcome', 'valid'), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='triage_sorted_out_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('duplicate_of__isnull', False), ('outcome', 'duplicate')), models.Q(models.Q(('outcome', 'duplicate'), _negated=True), ('duplicate_of', None)), _connector='OR'), name='triage_duplicate_says_of_what'), models.CheckConstraint(condition=models.Q(('duplicate_of', None), models.Q(('duplicate_of', models.F('complaint')), _negated=True), _connector='OR'), name='triage_no_duplicate_of_itself'), models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at', None), ('reviewed_by', None), ('upheld', None)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False), ('upheld__isnull', False)), _connector='OR'), name='triage_review_says_by_whom'), models.CheckConstraint(condition=models.Q(('superseded_at', None), ('superseded_at__gte', models.F('at')), _connector='OR'), name='triage_ends_after_start')],
            },
        ),
        migrations.RunSQL(ONE_PART, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name='ruling',
            name='branch',
        ),
        migrations.RemoveField(
            model_name='ruling',
            name='person',
        ),
        migrations.RunSQL(SORTINGS, migrations.RunSQL.noop),
        migrations.RunSQL(SHARES, NO_SHARES),
    ]
