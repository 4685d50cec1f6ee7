"""Every periodic job on one page. Each does no harm when run twice or by two beats."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep the clocks": {
        "task": "complaints.tasks.sweep_clocks",
        "schedule": 5.0,
        "options": {"queue": "sweep", "expires": 30},
    },
    "deliver messages": {
        "task": "notify.tasks.deliver_messages",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "settle what came in": {
        "task": "intake.tasks.settle_items",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "copy words for the search": {
        "task": "complaints.tasks.copy_for_search",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "forget old drafts": {
        "task": "complaints.tasks.forget_drafts",
        "schedule": 3600.0,
        "options": {"queue": "celery", "expires": 3600},
    },
    "call hooks": {
        "task": "intake.tasks.call_hooks",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "forget old calls": {
        "task": "intake.tasks.forget_calls",
        "schedule": 3600.0,
        "options": {"queue": "celery", "expires": 3600},
    },
    "fetch from WeChat": {
        "task": "intake.tasks.fetch_from_wechat",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "work off files of complaints": {
        "task": "intake.tasks.work_imports",
        "schedule": 5.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "fetch mail": {
        "task": "intake.tasks.fetch_mail",
        "schedule": 60.0,
        "options": {"queue": "celery", "expires": 60},
    },
    "send replies": {
        "task": "intake.tasks.send_replies",
        "schedule": 15.0,
        "options": {"queue": "celery", "expires": 30},
    },
    "take up planned posts": {
        "task": "staff.tasks.take_up_planned_posts",
        "schedule": 60.0,
        "options": {"queue": "celery", "expires": 60},
    },
}
