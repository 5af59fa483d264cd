"""How `tirek protocols` writes what it found, for people and for programs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tirek.domain.levels import Level
from tirek.domain.protocol_change import (
    CLOCKS,
    Change,
    clock_words,
    notice_words,
    rung_words,
)
from tirek.domain.protocols import LevelRule, Protocol
from tirek.domain.territory_check import Finding

# A text is too long for a table of changes; whoever wants it opens the files.
WIDTH = 70


def check_lines(protocol: Protocol, schools: int, findings: Sequence[Finding]) -> list[str]:
    """One line for each place that calls nobody, and one that counts."""
    end = f"{_name(protocol)}: {schools} schools, {len(findings)} findings."
    return [*(finding.sentence for finding in findings), end]


def check_json(protocol: Protocol, schools: int, findings: Sequence[Finding]) -> dict[str, object]:
    """The same for programs."""
    return {
        "protocol": protocol.id,
        "version": protocol.version,
        "schools": schools,
        "findings": [
            {
                "region": finding.territory.region,
                "school": finding.territory.school,
                "level": finding.level.value,
                "rung": finding.rung,
                "reason": finding.reason,
            }
            for finding in findings
        ],
    }


def show_lines(protocol: Protocol) -> list[str]:
    """The protocol level by level; what nobody has confirmed says so."""
    lines = [f"{_name(protocol)}, effective from {protocol.effective_from}: {protocol.status}"]
    for rule in protocol.levels.values():
        lines += ["", f"{rule.level}: to the {rule.receiver}", *_indented(_level(rule))]
    lines += ["", "acts"]
    for act in protocol.legal_grounds.values():
        state = "confirmed" if act.confirmed else "not confirmed"
        lines.append(f"  {act.id}: {state}: {act.note}")
    return lines


def show_json(protocol: Protocol) -> dict[str, object]:
    """The same for programs."""
    return {
        "protocol": protocol.id,
        "version": protocol.version,
        "effective_from": protocol.effective_from.isoformat(),
        "status": protocol.status,
        "levels": {
            rule.level.value: {
                "receiver": rule.receiver.value,
                "clocks": {name: clock_words(getattr(rule, name)) for name in CLOCKS},
                "ladder": [rung_words(rung) for rung in rule.ladder],
                "overdue": [rung_words(rung) for rung in rule.overdue],
                "notices": {notice.kind: notice_words(notice) for notice in rule.notices},
                "note": rule.note,
            }
            for rule in protocol.levels.values()
        },
        "acts": {act.id: act.confirmed for act in protocol.legal_grounds.values()},
    }


def diff_lines(found: Sequence[Change], cases: Mapping[Level, Sequence[UUID]] | None) -> list[str]:
    """One line for each change, then the open referrals of the levels it touches."""
    lines = [
        f"{change.level or 'protocol'}: {change.what}: {_short(change.before)} -> "
        f"{_short(change.after)}"
        for change in found
    ] or ["The two say the same."]
    for level, referrals in (cases or {}).items():
        lines.append(f"{level}: {len(referrals)} open referrals")
        lines += [f"  {referral}" for referral in referrals]
    return lines


def diff_json(
    found: Sequence[Change], cases: Mapping[Level, Sequence[UUID]] | None
) -> dict[str, object]:
    """The same for programs, with whole texts."""
    page: dict[str, object] = {
        "changes": [
            {
                "level": change.level and change.level.value,
                "what": change.what,
                "before": change.before,
                "after": change.after,
            }
            for change in found
        ]
    }
    if cases is not None:
        page["open_referrals"] = {
            level.value: [str(referral) for referral in referrals]
            for level, referrals in cases.items()
        }
    return page


def _level(rule: LevelRule) -> list[str]:
    return [
        *(f"{name} within {clock_words(getattr(rule, name))}" for name in CLOCKS),
        *(f"ladder {rung.number}, {rung_words(rung)}" for rung in rule.ladder),
        *(f"overdue {rung.number}, {rung_words(rung)}" for rung in rule.overdue),
        *(f"notice {notice.kind}: {notice_words(notice)}" for notice in rule.notices),
        f"note: {rule.note}",
    ]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _name(protocol: Protocol) -> str:
    return f"{protocol.id} {protocol.version}"


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= WIDTH else text[: WIDTH - 1].rstrip() + "…"
