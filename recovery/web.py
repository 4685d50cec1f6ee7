"""How gunicorn serves: few processes, few threads, nothing but the port."""

import os

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
control_socket_disable = True
timeout = 60
graceful_timeout = 15
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
