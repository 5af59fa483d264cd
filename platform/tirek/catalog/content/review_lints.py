"""Who has signed a text, until when, and whether a translation still says what its source says."""

from collections.abc import Iterator
from datetime import date, timedelta

from tirek.catalog.content.files import Text, WrittenLesson, is_outdated
from tirek.catalog.content.survey import Folder
from tirek.catalog.errors import Finding
from tirek.domain.education import TextStatus

# How long a translation may lag behind, once `outdated_since` says from when.
GRACE = timedelta(days=30)


def review_findings(folder: Folder, today: date) -> Iterator[Finding]:
    """Yield what is wrong with the signatures and hashes of one course."""
    for lang, page in folder.pages.items():
        yield from _text(page, folder.pages.get(page.writing.source_lang), today)
        for lesson_id, lesson in folder.lessons[lang].items():
            source = folder.lessons[lesson.writing.source_lang].get(lesson_id)
            yield from _text(lesson, source, today)
            yield from _recording(lesson)


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
        reason = f"{source.path.parent.parent.name} has changed: bring this text up to it, then"
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


def _recording(lesson: WrittenLesson) -> Iterator[Finding]:
    recording = lesson.front.recording
    if recording is not None and recording.text_hash != lesson.digest:
        yield _finding(lesson, "audio", "audio", "the text has changed since it was recorded")


def _finding(text: Text, lint: str, key: str, reason: str) -> Finding:
    return Finding(lint, text.path, text.keys.mapping.key_lines[key], reason)
