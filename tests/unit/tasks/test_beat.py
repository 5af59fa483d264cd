import time

from tirek.cli.cluster.servers import free_port
from tirek.tasks.beat import SteadyScheduler
from tirek.tasks.celery_app import make_app


def _nothing():
    raise AssertionError("beat does no work itself")


def test_rounds_go_on_by_a_clock_that_nobody_sets_though_no_broker_is_there(caplog):
    app = make_app(f"redis://127.0.0.1:{free_port()}/0", _nothing)
    app.conf.beat_schedule = {
        name: {"task": name, "schedule": 0.2, "options": {"queue": "sweep"}}
        for name in ("tirek.one", "tirek.two")
    }
    scheduler = SteadyScheduler(app=app)
    begun = time.monotonic()
    waits = []
    while time.monotonic() - begun < 1:
        waits.append(scheduler.tick())
        time.sleep(waits[-1])
    tried = [record.args[0] for record in caplog.records if "was not sent" in record.msg]
    # At once, and every fifth of a second; one broken look at the broker stops nothing.
    assert 4 <= tried.count("tirek.one") <= 6
    assert tried.count("tirek.one") == tried.count("tirek.two")
    assert max(waits) <= 0.2


def test_every_round_goes_to_a_queue_and_names_a_task():
    app = make_app("redis://127.0.0.1:1/0", _nothing)
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"] == {"queue": "sweep"}
