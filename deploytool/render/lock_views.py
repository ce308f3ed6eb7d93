"""`lock list` for people and for machines."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from deploytool.domain.ages import age_of
from deploytool.domain.lock_report import HeldLease, LockReport
from deploytool.render.age import stamp
from deploytool.render.shapes import Shape
from deploytool.render.sheet import Column, Row, View, hanging, lay_out, words
from deploytool.render.wording import counted, has_regions, short

START = datetime(2000, 1, 1)


def lock_lines(report: LockReport, view: View) -> list[Text]:
    regions = has_regions(one.region for one in report.held)
    columns = [
        Column("Service"),
        *([Column("Region")] if regions else []),
        Column("Holder"),
        Column("Commit"),
        Column("Held for"),
        Column("Lapses in"),
        Column("Id"),
    ]
    rows = [_row(one, regions, one in report.too_old) for one in report.held]
    lines = [*lay_out(columns, "Why", rows, view.width), Text()] if rows else []
    return lines + hanging(Text(), words(summary_of(report), "bold"), view.width)


def _row(one: HeldLease, regions: bool, old: bool) -> Row:
    holder = one.lease.holder
    return Row(
        cells=(
            words(one.service),
            *([words(one.region)] if regions else []),
            words(holder.who),
            words(short(holder.commit) if holder.commit else "", "cyan"),
            words(f"{length(one.age)}{' (too long)' if old else ''}", "bold yellow" if old else ""),
            words(length(one.seconds_left)),
            words(one.lease.id),
        ),
        note=words(why_of(one)),
    )


def why_of(one: HeldLease) -> str:
    holder = one.lease.holder
    return " ".join(part for part in (holder.reason, holder.link) if part)


def length(seconds: float) -> str:
    return age_of(START, START + timedelta(seconds=min(seconds, 1e9)))


def summary_of(report: LockReport) -> str:
    week = report.week
    now = f"{counted(len(report.held), 'lease')} held" if report.held else "Nobody is releasing"
    if not week.holds:
        return f"{now}; no release in the last week"
    wait = f", longest wait {length(week.longest_wait)}" if week.longest_wait >= 1 else ", nobody waited"
    return f"{now}; in the last week {counted(week.holds, 'hold')}, longest {length(week.longest_hold)}{wait}"


def lock_blocks(report: LockReport, _now: datetime, _verbose: bool) -> list[str]:
    from deploytool.render.markdown_text import code, table

    titles = ["Service", "Region", "Holder", "Commit", "Held for", "Lapses in", "Id", "Why"]
    rows = [
        [
            code(one.service, cell=True),
            code(one.region, cell=True),
            code(one.lease.holder.who, cell=True),
            code(short(one.lease.holder.commit), cell=True) if one.lease.holder.commit else "",
            length(one.age),
            length(one.seconds_left),
            code(one.lease.id, cell=True),
            code(why_of(one), cell=True),
        ]
        for one in report.held
    ]
    return ["### Who is releasing", table(titles, rows) if rows else "", f"{summary_of(report)}."]


def lock_shape(report: LockReport) -> Shape:
    week = report.week
    return {
        "schema": "deploytool/lock/1",
        "generated_at": stamp(report.generated_at),
        "max_age_seconds": report.max_age,
        "leases": [_lease_shape(one, one in report.too_old) for one in report.held],
        "week": {
            "holds": week.holds,
            "longest_hold_seconds": round(week.longest_hold, 3),
            "longest_wait_seconds": round(week.longest_wait, 3),
        },
    }


def _lease_shape(one: HeldLease, old: bool) -> Shape:
    lease, holder = one.lease, one.lease.holder
    return {
        "id": lease.id,
        "key": lease.key,
        "service": one.service,
        "region": one.region,
        "number": lease.number,
        "user": holder.user,
        "host": holder.host,
        "process": holder.process,
        "release": holder.release,
        "reason": holder.reason,
        "commit": holder.commit,
        "link": holder.link,
        "taken_at": stamp(lease.taken_at),
        "expires_at": stamp(lease.expires_at),
        "age_seconds": round(one.age, 3),
        "seconds_left": round(one.seconds_left, 3),
        "waited_seconds": round(lease.waited, 3),
        "too_old": old,
    }
