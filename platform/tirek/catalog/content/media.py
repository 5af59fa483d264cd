"""Files beside the texts, in content/media/<course>/: recordings and pictures."""

from collections.abc import Iterator
from pathlib import Path

from tirek.catalog.content.files import Text, WrittenLesson
from tirek.catalog.content.prose import Paragraph, prose
from tirek.catalog.content.render import IMAGE
from tirek.catalog.errors import Finding

# In the order in which a telephone is offered them: Opus is a third of the size of MP3.
AUDIO_TYPES = {".opus": "audio/ogg", ".mp3": "audio/mpeg"}
# Parents hear a person; a machine's voice serves as a sample in tests only.
VOICE = "human"


def media_folder(text: Text) -> Path:
    """Return the folder of the text's recordings and pictures."""
    return text.path.parents[2] / "media" / text.path.parent.name


def recorded_files(lesson: WrittenLesson) -> list[Path]:
    """Return where the lesson's recording lies in each format; nothing if it has none."""
    recording = lesson.front.recording
    if recording is None:
        return []
    named = media_folder(lesson) / Path(recording.file).name
    return [named.with_suffix(suffix) for suffix in AUDIO_TYPES]


def recording_findings(lesson: WrittenLesson, twin: WrittenLesson | None) -> Iterator[Finding]:
    """Yield what keeps a recording from being offered; a lesson is heard in both languages."""
    recording = lesson.front.recording
    if recording is None:
        if twin is not None and twin.front.recording is not None:
            yield _recording(lesson, f"{twin.writing.lang} can be heard, this text cannot")
        return
    if recording.text_hash != lesson.digest:
        yield _recording(lesson, "the text has changed since it was recorded")
    if recording.voice != VOICE:
        yield _recording(lesson, f"the voice is {recording.voice!r}: parents hear a human one")
    for path in recorded_files(lesson):
        if not path.is_file():
            yield _recording(lesson, f"there is no file media/{path.parent.name}/{path.name}")


def image_findings(text: Text, twin: Text | None) -> Iterator[Finding]:
    """Yield pictures without words, without a file, or without a twin in the other language."""
    for paragraph, words, name in _images(text):
        if not words.strip():
            reason = f"{name} does not say in words what is seen"
            yield Finding("image", text.path, paragraph.line, reason)
        if not (media_folder(text) / name).is_file():
            reason = f"there is no file media/{text.path.parent.name}/{name}"
            yield Finding("image", text.path, paragraph.line, reason)
    if twin is not None and _names(text) != _names(twin):
        reason = f"pictures are {_names(text) or 'none'}, in {twin.writing.lang} {_names(twin)}"
        yield Finding("image", text.path, text.title.number, reason)


def _images(text: Text) -> Iterator[tuple[Paragraph, str, str]]:
    for paragraph in prose(text):
        for image in IMAGE.finditer(paragraph.text):
            yield paragraph, image[1], image[2]


def _names(text: Text) -> str:
    return ", ".join(name for _paragraph, _words, name in _images(text))


def _recording(lesson: WrittenLesson, reason: str) -> Finding:
    return Finding("audio", lesson.path, lesson.keys.mapping.key_lines["audio"], reason)
