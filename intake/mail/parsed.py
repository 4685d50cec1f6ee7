"""What is known of a mail once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class MailFile:
    """A file in a mail: its name as the sender gave it, the type the sender claims, its bytes."""

    name: str
    declared_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail. `text` is all of its body, `visible` what the sender wrote this time, without
    what is quoted from earlier; `html` its harmless HTML (or ""). `enclosed` are the texts of
    mails that hang on it; `came_by` every address that it may have come by. `marks` holds the
    header fields that tell machines from people, names in lower case. `notes` are codes of what
    was left out: `parts_cut`."""

    subject: str = ""
    from_name: str = ""
    from_email: str = ""
    to: list[str] = field(default_factory=list)
    came_by: list[str] = field(default_factory=list)
    message_id: str = ""
    references: list[str] = field(default_factory=list)
    date: str = ""
    text: str = ""
    visible: str = ""
    html: str = ""
    enclosed: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
