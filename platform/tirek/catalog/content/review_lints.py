"""Who has signed a text, until when, and whether a translation still says what its source says."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from tirek.catalog.content.files import Text, is_outdated
from tirek.catalog.errors import Finding
from tirek.domain.education import TextStatus

# How long a translation may lag behind, once `outdated_since` says from when.
GRACE = timedelta(days=30)


def review_findings(pair: Mapping[str, Text], today: date) -> Iterator[Finding]:
    """Yield what is wrong with the signatures and hashes of one text in its languages."""
    for text in pair.values():
        yield from _text(text, pair.get(text.writing.source_lang), today)


def lagging_findings(pair: Mapping[str, Text], today: date) -> Iterator[Finding]:
    """Yield the translations that lag behind and are no fault yet, with the days they have left."""
    for text in pair.values():
        source, since = pair.get(text.writing.source_lang), text.writing.outdated_since
        if source is None or since is None or not is_outdated(text, source):
            continue
        left = (since + GRACE - today).days
        if left >= 0:
            reason = f"{text.writing.source_lang} has changed: {left} days are left to follow it"
            yield _finding(text, "outdated", "outdated_since", reason)


def _text(text: Text, source: Text | None, today: date) -> Iterator[Finding]:
    yield from _signatures(text, today)
    if source is None or text.writing.status is TextStatus.DRAFT:
        return
    since = text.writing.outdated_since
    if not is_outdated(text, source):
        if since is not None:
            yield _finding(text, "stale", "outdated_since", "the text is up to date: remove this")
        return
    if since is None or today > since + GRACE:
        reason = f"{source.writing.lang} has changed: bring this text up to it, then"
        yield _finding(text, "stale", "source_hash", f"{reason} run `tirek content stamp`")


def _signatures(text: Text, today: date) -> Iterator[Finding]:
    review = text.writing.review
    if text.writing.status is TextStatus.APPROVED and not review.is_complete:
        yield _finding(text, "review", "review", "approved, but not signed by all three readers")
    if review.due is not None and review.due < today:
        yield _finding(text, "review", "review", f"was to be read again by {review.due}")
    for signature in (review.content, review.language, review.child_safety):
        if signature is not None and signature.on > today:
            yield _finding(text, "review", "review", f"signed on {signature.on}, a day to come")


def _finding(text: Text, lint: str, key: str, reason: str) -> Finding:
    return Finding(lint, text.path, text.keys.mapping.key_lines[key], reason)
