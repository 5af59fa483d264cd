"""What a parent has done in a course."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class LessonProgress(Base):
    """One lesson of one account, by lesson id, so that it survives a change of language."""

    __tablename__ = "lesson_progress"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    # "Not for me": it is not suggested again.
    declined_at: Mapped[datetime | None] = mapped_column(default=None)
