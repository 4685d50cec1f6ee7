"""The ways out, who hears by which, and what has gone out by them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notify', '0003_dispatch_of_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Outlet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mail', '邮件'), ('sms', '短信'), ('wecom', '企业微信群机器人'), ('dingtalk', '钉钉群机器人'), ('feishu', '飞书群机器人'), ('webhook', '网络钩子')], max_length=10, verbose_name='类别')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='名称')),
                ('address', models.CharField(blank=True, max_length=500, verbose_name='地址')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
            ],
            options={
                'verbose_name': '发送通道',
                'verbose_name_plural': '发送通道',
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind__in', ['mail', 'sms'])), fields=('kind',), name='outlet_one_for_mail_and_sms', violation_error_message='邮件和短信各只有一条通道。'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('kind__in', ['mail', 'sms'])), models.Q(models.Q(('kind__in', ['mail', 'sms']), _negated=True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='outlet_address_where_it_has_one', violation_error_message='请填写地址；邮件和短信不用填。')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pending', '待发送'), ('sent', '已发送'), ('given_up', '已放弃')], db_default='pending', default='pending', max_length=8)),
                ('urgent', models.BooleanField(db_default=False, default=False)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('created_at', models.DateTimeField()),
                ('available_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('lease_token', models.UUIDField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('last_error', models.CharField(blank=True, db_default='', max_length=200)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='notify.message')),
                ('outlet', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='notify.outlet')),
            ],
            options={
                'verbose_name': '发送',
                'verbose_name_plural': '发送',
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['-urgent', 'available_at', 'id'], name='delivery_pending'), models.Index(condition=models.Q(('state', 'given_up')), fields=['created_at'], name='delivery_given_up')],
                'constraints': [models.UniqueConstraint(fields=('message', 'outlet'), name='delivery_once_by_each_way'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='delivery_sent_with_time')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
                ('outlets', models.ManyToManyField(related_name='+', to='notify.outlet')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='preference', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '消息设置',
                'verbose_name_plural': '消息设置',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_until', None)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='preference_quiet_hours_are_two_times')],
            },
        ),
    ]
