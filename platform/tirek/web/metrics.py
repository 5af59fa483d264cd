"""What Prometheus reads: how the machinery does, in numbers without any person in them."""

from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from tirek.domain.callbacks import is_same
from tirek.services import measures
from tirek.services.measures import Measure
from tirek.web.access import REQUIRES
from tirek.web.transaction import unit

blueprint = Blueprint("metrics", __name__)


class _Measured:
    """Hands the measures of this moment to the library, which knows how they are written."""

    def __init__(self, found: list[Measure]) -> None:
        self._found = found

    def collect(self) -> list[GaugeMetricFamily]:
        """One family for each name."""
        families: dict[str, GaugeMetricFamily] = {}
        for one in self._found:
            family = families.setdefault(
                one.name, GaugeMetricFamily(one.name, one.help, labels=tuple(one.labels))
            )
            family.add_metric(tuple(one.labels.values()), one.value)
        return list(families.values())


@blueprint.get("/metrics")
def metrics() -> Response:
    """The numbers of this moment, asked of the database: the same from every process."""
    if not _may_read():
        abort(404)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(measures.now(unit())))
    return Response(
        generate_latest(registry),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


setattr(metrics, REQUIRES, "token")


def _may_read() -> bool:
    """Who shows the token; without one set, whoever asks on this machine and through no proxy."""
    wanted: str | None = current_app.config["METRICS_TOKEN"]
    if wanted is not None:
        _kind, _space, given = request.headers.get("Authorization", "").partition(" ")
        return is_same(wanted, given.strip())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
