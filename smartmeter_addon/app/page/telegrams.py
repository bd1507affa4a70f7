"""What was decoded on a line: the last telegram, what was rejected, and one of each kind."""

from collections import deque
from typing import Final

from app.fault import Fault
from app.line.reader import LineReader
from app.listen import Report
from app.meters.telegram import Telegram
from app.page.download import Contents
from app.page.hidden import Hider
from app.page.moments import iso
from app.page.telegram import described

MOST_REJECTED: Final = 20
MOST_KINDS: Final = 8
"""Telegrams of different lists, or with different faults, that a report shows."""


class Telegrams:
    """Keeps what is shown of a line's telegrams.

    Args:
        hide: takes out secrets, and learns whose meter it is.
    """

    def __init__(self, hide: Hider) -> None:
        self._hide = hide
        self._last: Telegram | None = None
        self._last_at = 0.0
        self._rejected: deque[tuple[float, Fault]] = deque(maxlen=MOST_REJECTED)
        self._kinds: dict[tuple[object, ...], Telegram] = {}
        self.contents = Contents.UNREAD
        """What the line carries."""

    def take(self, item: Telegram | Fault, now: float) -> None:
        """Take a telegram, or what was damaged, in seconds since 1970."""
        fault = item if isinstance(item, Fault) else item.fault
        if fault:
            self._rejected.append((now, fault))
        if isinstance(item, Fault):
            return
        if fault or not self._last or not _is_alike(item, self._last):
            self._keep_kind()
            self._learn(item)
        self._last, self._last_at = item, now

    def _learn(self, item: Telegram) -> None:
        """Take what there is to know of a telegram that is not like the one before."""
        security = item.push.security
        self.contents = self.contents.after(item)
        if security and security.system_title:
            self._hide.learn(security.system_title.hex())
        self._hide.learn(item.number)

    def _keep_kind(self) -> None:
        """Keep the last telegram, if it is of a kind that a report shows."""
        item = self._last
        if item is None:
            return
        security = item.push.security
        kind = (
            item.profile and item.profile.type,
            item.fault and item.fault.kind,
            len(item.registers or ()),
            security and security.system_title,
        )
        if kind in self._kinds or len(self._kinds) < MOST_KINDS:
            self._kinds[kind] = item

    def told(self) -> dict[str, object]:
        """Give the last telegram and what was rejected, for JSON."""
        rejected = [
            [iso(at), fault.kind.value, fault.layer, self._hide(fault.reason)]
            for at, fault in reversed(self._rejected)
        ]
        last = described(self._last, self._hide) if self._last else None
        at = iso(self._last_at) if self._last else None
        return {"at": at, "telegram": last, "rejected": rejected}

    def report(self, line: str, reader: LineReader | None) -> str:
        """Give the block for a bug report: no key, no values, no full number.

        Args:
            line: what is read, for people.
            reader: of the line.
        """
        self._keep_kind()
        report = Report()
        report.opened(line)
        if reader:
            report.received(reader.health.counts.bytes, reader.health.counts.parity_errors)
            report.ended(reader.health.counts.frames, 0)
        for telegram in self._kinds.values():
            for _ in report.event(telegram):
                pass
        *block, end = report.block()
        if reader:
            block += [
                f"counted: {n} x {kind.value}" for kind, n in reader.health.counts.kinds.items()
            ]
            if problem := reader.problem:
                block.append(f"problem: {problem.sentence}")
        return self._hide("\n".join([*block, end, ""]))


def _is_alike(item: Telegram, last: Telegram) -> bool:
    """Tell whether a telegram is like the one before it but for its values and times."""
    return item.template is last.template is not None and last.fault is None
