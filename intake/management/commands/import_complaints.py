"""`import_complaints FILE --channel CODE`: the rows of a file become complaints."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from common.time import database_now
from complaints.models import Channel
from intake.files import columns
from intake.files.readers import opened
from intake.files.rows import FileRefused, Source
from intake.imports.importing import AlreadyIn, Order, Registered, SetAside, run
from intake.imports.set_aside import SetAsideFile
from staff.models import Branch, BranchKind, Person, Role

_EVERY = 200


class Command(BaseCommand):
    """Registers each row of a CSV, XLSX or JSONL file (`docs/import.md`)."""

    help = "Register each row of a CSV, XLSX or JSONL file as a complaint (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--channel", required=True, help=", ".join(Channel.values))
        parser.add_argument("--branch", help="code of the branch concerned where a row names none")
        parser.add_argument("--by", help="user name of the person importing, who owns the cases")
        parser.add_argument("--dry-run", action="store_true", help="count only, write nothing")
        parser.add_argument("--set-aside-to", type=Path, help="folder for rows that can't be taken")

    def handle(self, *args: Any, **options: Any) -> None:
        order = Order(
            channel=_channel(options["channel"]),
            by=_importer(options["by"]),
            branch=_branch(options["branch"]),
            rehearsal=options["dry_run"],
        )
        path: Path = options["file"]
        folder: Path = options["set_aside_to"] or path.absolute().parent
        try:
            with opened(path) as source:
                self._import(source, order, path, folder)
        except FileRefused as refused:
            raise CommandError(str(refused)) from refused
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                _("数据库连接中断（%(error)s）；再次运行同一命令会接着导入其余各行。")
                % {"error": str(error).strip()}
            ) from error

    def _import(self, source: Source, order: Order, path: Path, folder: Path) -> None:
        self._note(source)
        aside = None if order.rehearsal else _aside(path, folder, source)
        counts: Counter[type] = Counter()
        reasons: Counter[str] = Counter()
        interrupted = False
        try:
            for row, verdict in run(source, order, clock=database_now):
                counts[type(verdict)] += 1
                if isinstance(verdict, SetAside):
                    reasons[verdict.code] += 1
                    if aside:
                        aside.add(row, verdict)
                if counts.total() % _EVERY == 0:
                    self.stderr.write(_("已处理 %(rows)d 行……") % {"rows": counts.total()})
        except KeyboardInterrupt:
            interrupted = True
        finally:
            written = aside.close() if aside else None
            self._tell(counts, reasons, written)
        if interrupted:
            raise CommandError(_("已中断；再次运行同一命令会接着导入其余各行。"), returncode=130)

    def _note(self, source: Source) -> None:
        for note in source.notes:
            self.stderr.write(note)
        unknown = [name for name in source.headers or () if name and not columns.meaning(name)]
        if unknown:
            self.stderr.write(_("这些列不导入：%(names)s") % {"names": "、".join(unknown)[:500]})

    def _tell(self, counts: Counter[type], reasons: Counter[str], written: Path | None) -> None:
        for code, times in reasons.most_common():
            self.stderr.write(f"{code}: {times}")
        if written:
            self.stderr.write(_("未能导入的行在 %(path)s") % {"path": written})
        self.stdout.write(
            f"registered {counts[Registered]}, skipped as already in {counts[AlreadyIn]},"
            f" set aside {counts[SetAside]}"
        )


def _channel(code: str) -> Channel:
    if code not in Channel.values:
        codes = ", ".join(f"{value} ({label})" for value, label in Channel.choices)
        raise CommandError(_("没有渠道 %(code)s；可用：%(codes)s") % {"code": code, "codes": codes})
    return Channel(code)


def _branch(code: str | None) -> Branch | None:
    if code is None:
        return None
    found = Branch.objects.filter(code__iexact=code).first()
    if found is None:
        codes = ", ".join(f"{known.code} ({known.name})" for known in Branch.objects.all()[:30])
        raise CommandError(_("没有机构 %(code)s；例如：%(codes)s") % {"code": code, "codes": codes})
    return found


def _importer(username: str | None) -> Person:
    """The person named, or the first active quality manager at headquarters."""
    if username is None:
        return _quality_manager()
    found = Person.objects.filter(username__iexact=username, is_active=True).first()
    if found is None:
        raise CommandError(_("没有在用的用户 %(name)s。") % {"name": username})
    if found.role == Role.ADMINISTRATOR:
        raise CommandError(_("系统管理员不能登记投诉；请用 --by 指定业务人员。"))
    return found


def _quality_manager() -> Person:
    people = Person.objects.filter(
        role=Role.QUALITY, branch__kind=BranchKind.HEADQUARTERS, is_active=True
    )
    found = people.order_by("pk").first()
    if found is None:
        raise CommandError(_("总部没有在用的品质管理员；请用 --by 指定由谁导入。"))
    return found


def _aside(path: Path, folder: Path, source: Source) -> SetAsideFile:
    try:
        return SetAsideFile(path, folder, source.headers)
    except OSError as error:
        raise CommandError(
            _("无法在 %(folder)s 写入未能导入的行（%(why)s）；请用 --set-aside-to 指定文件夹。")
            % {"folder": folder, "why": error.strerror}
        ) from error
