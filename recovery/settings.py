"""All settings, read from the environment; NAME_FILE names a file that holds the secret NAME."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from recovery import local
from recovery.places import BASE, state_folder
from recovery.schedule import SCHEDULE

# ModelAdmin[Person] and the like, which the type checker wants, also at run time
django_stubs_ext.monkeypatch()

env = environ.FileAwareEnv()
STATE = state_folder()
LOCAL = local.defaults(STATE)


def required(name: str) -> str:
    """The value of NAME or NAME_FILE, or what a local run made for itself. Never empty."""
    value: str = env.str(name, default="") or LOCAL.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"Set {name}, or {name}_FILE to the path of a file that holds it."
        )
    return value.strip()


def with_password(url: str, password: str) -> str:
    """The address with the password that was given apart from it, if one was."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://:{quote(password.strip(), safe='')}@{rest}" if password else url


# What runs, and for whom

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY")
if not DEBUG and (len(SECRET_KEY) < 32 or SECRET_KEY.startswith(("django-insecure", "change"))):
    raise ImproperlyConfigured("SECRET_KEY must be at least 32 random characters of your own.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

ROOT_URLCONF = "recovery.urls"
WSGI_APPLICATION = "recovery.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "recovery",
    # before ours, whose back office leaves theirs out
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "knox",
    "common",
    "staff",
    "notify",
    "complaints",
    "quality",
    "intake",
    "reports",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "common.bodies.Bodies",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "staff.door.gate.Gate",
    "recovery.open_doors.OpenDoors",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # the last: it calls the page itself, inside a transaction with the reader's eyes
    "recovery.sight.Sight",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"lucide": "common.icons"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "recovery.context.frame",
            ],
        },
    },
]

# The database. A web request gives up soon; a management command (manage.py sets 0) takes its time.

DATABASE_TIMEOUTS = {
    "statement_timeout": env.str("STATEMENT_TIMEOUT", default="15s"),
    "lock_timeout": env.str("LOCK_TIMEOUT", default="5s"),
    "idle_in_transaction_session_timeout": env.str("IDLE_TIMEOUT", default="15s"),
}
# What a transaction sees that serves nobody: a command or worker the house, a web process nothing
DATABASE_REACH = env.str("DATABASE_REACH", default="house")
DATABASE_START = {**DATABASE_TIMEOUTS, "recovery.reach": DATABASE_REACH}
DATABASE: dict[str, Any] = dict(environ.Env.db_url_config(required("DATABASE_URL")))
DATABASE["PASSWORD"] = env.str("DATABASE_PASSWORD", default="").strip() or DATABASE["PASSWORD"]
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **DATABASE,
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "tcp_user_timeout": 10_000,
            "application_name": "recovery",
            "options": " ".join(f"-c {name}={value}" for name, value in DATABASE_START.items()),
        },
    },
}

# The broker only hurries: the rows in the database are the queue. Nothing in a request talks to it.

CELERY_BROKER_URL = with_password(required("REDIS_URL"), env.str("REDIS_PASSWORD", default=""))
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 30,
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "max_retries": 0,
    "retry_on_timeout": False,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULER = "recovery.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE / "beat-schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"

# What may be forgotten. The same server as the broker's; a page does not notice when it is away.

CACHES = {
    "default": {
        "BACKEND": "common.cache.PatientCache",
        "LOCATION": CELERY_BROKER_URL,
        "KEY_PREFIX": "recovery",
    },
}

# People

AUTH_USER_MODEL = "staff.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "staff.strength.LongestPassword"}]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
#: Seconds for which the link of a forgotten password holds.
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
#: Nobody stays signed in for longer, nor idle for longer (staff/stays.py).
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=120)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "common.views.csrf_failure"

# The door (docs/sign-in.md). allauth counts in the cache, which forgets: staff/throttle.py counts.

ACCOUNT_ADAPTER = "staff.door.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "staff.door.forms.SignInForm",
    "reauthenticate": "staff.door.forms.PasswordAgainForm",
    "change_password": "staff.door.forms.NewPasswordForm",
    "reset_password": "staff.door.forms.ForgottenForm",
    "reset_password_from_key": "staff.door.forms.ChosenForm",
}
#: Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas.
TRUSTED_PROXIES = [net.strip() for net in env.list("TRUSTED_PROXIES", default=[]) if net.strip()]
for _net in TRUSTED_PROXIES:
    ip_network(_net, strict=False)  # a slip stops the start, not every sign-in
#: From which role upwards a second factor is required; empty: of nobody.
MFA_REQUIRED_FROM = env.str("MFA_REQUIRED_FROM", default="").strip()
if MFA_REQUIRED_FROM not in ("", "frontline", "supervisor", "quality", "director", "gm", "admin"):
    raise ImproperlyConfigured("MFA_REQUIRED_FROM must be a role, e.g. quality, or empty.")
MFA_ADAPTER = "staff.door.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "staff.door.forms.CodeForm",
    "reauthenticate": "staff.door.forms.CodeAgainForm",
    "activate_totp": "staff.door.forms.AppForm",
    "add_webauthn": "staff.door.forms.PasskeyForm",
    "authenticate_webauthn": "staff.door.forms.AnswerForm",
    "reauthenticate_webauthn": "staff.door.forms.AnswerAgainForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1
#: http://localhost is a secure place to a browser, but not to the library.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not env.bool("HTTPS", default=False)
SOCIALACCOUNT_ADAPTER = "staff.door.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
#: The firm's own OpenID provider, if it has one.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").strip().rstrip("/")
OIDC_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))
#: The claim that names a person: a verified `email`, or the one that holds the username.
OIDC_MATCH = env.str("OIDC_MATCH", default="email").strip()
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "firm",
                "name": env.str("OIDC_NAME", default="公司账号"),
                "client_id": env.str("OIDC_CLIENT_ID", default="").strip(),
                "secret": env.str("OIDC_CLIENT_SECRET", default="").strip(),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

# Words and times: Chinese first

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
# every door asks the database what time it is; only tests, which travel, ask the host
TRUST_HOST_CLOCK = env.bool("TRUST_HOST_CLOCK", default=False)

# Files

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(STATE / "static")))
STATICFILES_DIRS = [BASE / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(STATE / "media")))
# a local run starts quickly and serves one machine; an image is built once and compresses
COMPRESS_STATIC = env.bool("COMPRESS_STATIC", default=not LOCAL)
STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if COMPRESS_STATIC
    else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else STATIC_STORAGE,
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# The public form (docs/public-form.md)

#: Where customers can call instead; shown on the public pages where it is set.
HOTLINE = env.str("HOTLINE", default="").strip()
#: The firm's name as customers know it; shown on the public pages where it is set.
FIRM_NAME = env.str("FIRM_NAME", default="").strip()
#: How hard the captcha is: a browser tries half so many hashes on average.
CAPTCHA_MAX = env.int("CAPTCHA_MAX", default=60_000)

# What a browser may do; HTTPS=1 behind a proxy that speaks TLS and sets X-Forwarded-Proto

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "script-src": [SELF],
        "style-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        # a form of ours may lead on to the firm's provider
        "form-action": [SELF, *([OIDC_ORIGIN] if OIDC_ISSUER else [])],
        "base-uri": [SELF],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
HTTPS = env.bool("HTTPS", default=False)
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=30 * 86400)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "staff.tokens.TokenAuthentication",
        "staff.door.gate.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["recovery.sight.Declared"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "common.api.exception_handler",
    "DEFAULT_METADATA_CLASS": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105  # a model's name
REST_KNOX = {
    "TOKEN_TTL": timedelta(hours=env.int("TOKEN_HOURS", default=12)),
    "AUTO_REFRESH": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "投诉受理与服务补救 API",
    "DESCRIPTION": "说明见 docs/api.md。错误一律为 {code, message, field, errors}。",
    "VERSION": "1.0.0",
    "TAGS": [
        {"name": "sign-in", "description": "登录和令牌"},
        {"name": "complaints", "description": "登记、台账、一件投诉和它的经过"},
        {"name": "contacts", "description": "和客户的联系：致歉、进度、结果"},
        {"name": "triage", "description": "分拣和责任判定"},
        {"name": "remedies", "description": "补救"},
        {"name": "allowances", "description": "24H 的暂停和延期"},
        {"name": "sheets", "description": "整改单"},
        {"name": "callbacks", "description": "回访、结案、重开、撤诉"},
        {"name": "attachments", "description": "附件"},
        {"name": "desk", "description": "工作台和升级看板"},
        {"name": "policies", "description": "时限策略"},
        {"name": "messages", "description": "消息"},
        {"name": "rankings", "description": "周排名"},
        {"name": "machine", "description": "系统对接，见 docs/machine-api.md"},
        {"name": "system", "description": "系统运行情况"},
        {"name": "reference", "description": "机构、部门、供应商、人员、类别、应对指引"},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "BranchKind": "staff.models.BranchKind",
        "PersonRole": "staff.models.Role",
        "ComplainantRole": "complaints.models.ComplainantRole",
        "InvalidReason": "complaints.models.InvalidReason",
        "CaseStatus": "complaints.models.Status",
        "ClockKind": "complaints.models.ClockKind",
        "ContactKind": "complaints.models.ContactKind",
        "EventKind": "complaints.rules.Action",
        "PolicyState": "complaints.models.PolicyState",
        "AllowanceKind": "complaints.models.AllowanceKind",
        "AllowanceReason": "complaints.models.AllowanceReason",
        "AllowanceState": "complaints.models.AllowanceState",
        "RulingStage": "complaints.models.RulingStage",
        "RulingState": "complaints.disputing.RulingState",
        "DisputeOutcome": "complaints.models.DisputeOutcome",
        "TriageOutcome": "complaints.models.TriageOutcome",
        "SuggestionKind": "complaints.models.SuggestionKind",
        "RemedyKind": "complaints.models.RemedyKind",
        "RemedyState": "complaints.models.RemedyState",
        "HandoverReason": "complaints.models.HandoverReason",
        "HandoverState": "complaints.models.HandoverState",
        "AbsenceReason": "staff.models.AbsenceReason",
        "IncidentState": "complaints.models.IncidentState",
        "ItemState": "intake.models.ItemState",
        "BatchVerdict": "intake.systems.api.VERDICTS",
        "SheetState": "quality.models.SheetState",
        "ClockOutcome": "complaints.outcome.Outcome",
        "OutletKind": "notify.models.OutletKind",
    },
}

# Mail goes nowhere until EMAIL_URL says where

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="dummymail://")
vars().update(EMAIL_CONFIG)
#: Seconds for each answer of the mail server.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
#: Where links in mails lead.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or "localhost"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="recovery@localhost")

#: Who hears from `manage.py watchdog`; without it administrators and headquarters' quality, whose
#: addresses are not known while the database is away.
WATCHDOG_TO = [to.strip() for to in env.list("WATCHDOG_TO", default=[]) if to.strip()]

# SMS goes nowhere until SMS_URL names a gateway; docs/delivery.md says what it has to take

SMS_URL = env.str("SMS_URL", default="").strip()
SMS_TOKEN = env.str("SMS_TOKEN", default="").strip()

# 疑似群诉: so many open cases alike, of one category and branch, within so many hours

INCIDENT_CASES = env.int("INCIDENT_CASES", default=5)
INCIDENT_HOURS = env.int("INCIDENT_HOURS", default=24)

# Other systems hear of their cases by HTTPS, out in the world; only tests call this machine

HOOKS_ALLOW_PRIVATE = env.bool("HOOKS_ALLOW_PRIVATE", default=False)

# WeChat and WeCom (docs/wechat.md): where calls lie while the database is away, the platforms' API
# (or a relay to it), and the hosts on which they show pictures

SPOOL_DIR = Path(env.str("SPOOL_DIR", default=str(STATE / "spool")))
WECHAT_API = {
    "wechat": env.str("WECHAT_API", default="https://api.weixin.qq.com").rstrip("/"),
    "wecom": env.str("WECOM_API", default="https://qyapi.weixin.qq.com").rstrip("/"),
}
WECHAT_MEDIA_HOSTS = (".qpic.cn", ".qlogo.cn", ".tc.qq.com")

# Lines to stderr, plain or one JSON object each; paths and codes only, never what people typed

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "recovery.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", default="plain"),
        },
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery": {"level": "INFO"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        # they repeat addresses, and those of robots and hooks are secrets
        "apprise": {"level": "CRITICAL"},
        "urllib3": {"level": "INFO"},
        "fido2": {"level": "WARNING"},
    },
}
