"""The box for the code, as a browser and a machine that counts see it."""

import re

from flask import Flask

from tests.world import World
from tirek.domain.throttle import CODE_BY_DEVICE


def test_after_many_wrong_codes_the_answer_says_how_long_to_wait(app: Flask, world: World) -> None:
    client = app.test_client()
    page = client.get("/ru/s").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def send(code: str):
        return client.post("/ru/s", data={"csrf_token": token, "code": code})

    for _ in range(CODE_BY_DEVICE.capacity):
        assert send("WRONG").status_code == 422
    right = world.school.pupil.codes["phq-a"]
    slowed = send(right)
    assert slowed.status_code == 429
    assert 1 <= int(slowed.headers["Retry-After"]) <= CODE_BY_DEVICE.refill_seconds
    # Nothing typed is lost: after the wait the same press works.
    assert f'value="{right}"' in slowed.text
