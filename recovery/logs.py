"""One JSON object a line, for those who collect logs."""

import json
import logging


class JsonFormatter(logging.Formatter):
    """Time (UTC, ISO 8601), level, logger and message; a traceback under `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
