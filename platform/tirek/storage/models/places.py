"""Regions, districts, schools, classrooms and Psychological Support Centers."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import Base


class Region(Base):
    """One of the 17 regions and 3 cities of republican significance (ISO 3166-2:KZ)."""

    __tablename__ = "regions"
    __table_args__ = (CheckConstraint("kind IN ('region', 'city')", name="kind_known"),)

    iso: Mapped[str] = mapped_column(primary_key=True)
    name_kk: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]
    centre_kk: Mapped[str]
    centre_ru: Mapped[str]
    kind: Mapped[str]
    tile_col: Mapped[int] = mapped_column(SmallInteger)
    tile_row: Mapped[int] = mapped_column(SmallInteger)


class District(Base):
    """A district or a city inside a region."""

    __tablename__ = "districts"
    __table_args__ = (UniqueConstraint("region_iso", "name_ru"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    region_iso: Mapped[str] = mapped_column(ForeignKey("regions.iso"))
    name_kk: Mapped[str]
    name_ru: Mapped[str]


class SupportCenter(Base):
    """A Psychological Support Center (PSC): where immediate and high referrals go."""

    __tablename__ = "support_centers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    region_iso: Mapped[str] = mapped_column(ForeignKey("regions.iso"), index=True)
    name_kk: Mapped[str]
    name_ru: Mapped[str]
    address_kk: Mapped[str | None] = mapped_column(default=None)
    address_ru: Mapped[str | None] = mapped_column(default=None)
    phone: Mapped[str | None] = mapped_column(default=None)
    is_open: Mapped[bool] = mapped_column(default=True)
    # Said by the centre itself; `center_is_full` also counts what it was given today.
    is_full: Mapped[bool] = mapped_column(default=False, server_default=false())
    # With a roster only who has a shift is on duty; without one, everybody who works there.
    keeps_roster: Mapped[bool] = mapped_column(default=False, server_default=false())
    # How many new referrals a day it can take; None: it has not said.
    daily_capacity: Mapped[int | None] = mapped_column(SmallInteger, default=None)


class ServiceArea(Base):
    """Which PSC answers for a district; priority 1 is asked first."""

    __tablename__ = "service_areas"
    __table_args__ = (UniqueConstraint("district_id", "support_center_id"),)

    district_id: Mapped[UUID] = mapped_column(ForeignKey("districts.id"), primary_key=True)
    priority: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    support_center_id: Mapped[UUID] = mapped_column(ForeignKey("support_centers.id"), index=True)


class School(Base):
    """A school; `public_code` may stand on posters and says nothing about pupils."""

    __tablename__ = "schools"
    __table_args__ = (
        CheckConstraint(r"phone ~ '^\+7[0-9]{10}$'", name="phone_callable"),
        CheckConstraint(r"urgent_phone ~ '^\+7[0-9]{10}$'", name="urgent_phone_callable"),
        CheckConstraint("(address_kk IS NULL) = (address_ru IS NULL)", name="address_in_both"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    district_id: Mapped[UUID] = mapped_column(ForeignKey("districts.id"), index=True)
    name_kk: Mapped[str]
    name_ru: Mapped[str]
    public_code: Mapped[str] = mapped_column(unique=True)
    # The reception's, and the one that is answered in school hours for a child in danger.
    phone: Mapped[str | None] = mapped_column(default=None)
    urgent_phone: Mapped[str | None] = mapped_column(default=None)
    address_kk: Mapped[str | None] = mapped_column(default=None)
    address_ru: Mapped[str | None] = mapped_column(default=None)
    # When somebody last said that these hold.
    contact_changed_at: Mapped[datetime | None] = mapped_column(default=None)


class Classroom(Base):
    """A school class of one school year, such as 7 «Ә»."""

    __tablename__ = "classrooms"
    __table_args__ = (
        UniqueConstraint("school_id", "school_year", "grade", "letter"),
        CheckConstraint("grade BETWEEN 0 AND 12", name="grade_range"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    school_year: Mapped[int] = mapped_column(SmallInteger)
    grade: Mapped[int] = mapped_column(SmallInteger)
    letter: Mapped[str]
