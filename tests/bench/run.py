"""Measure the pupil's journey over real HTTP, beside its floor, in one run.

    python tests/bench/run.py [--pupils 60] [--concurrency 1,8,32]

Prints completed PHQ-A administrations per second, percentiles per step, and CPU seconds of the
web processes per completed administration; page-wise and with answer-by-answer autosave apart;
the slow hash of the code apart; beside it PostgreSQL's own insert commits and a bare Flask view
that inserts one row. Read ratios, not absolutes: machines differ and are shared.
"""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tests.bench.processes import cpu_seconds  # noqa: E402
from tests.bench.school import Bench, a_bench  # noqa: E402
from tests.http import Browser, Timings  # noqa: E402
from tirek.config import Config  # noqa: E402
from tirek.services.secrets import hash_secret, verify_secret  # noqa: E402

PORT = 8177
FLOOR_PORT = 8178
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
NAMES = re.compile(r'name="(q\d+)"')
SERVER = ["-k", "gthread", "--workers", "2", "--threads", "4", "--keep-alive", "5"]


async def journey(code: str, timings: Timings, *, autosave: bool) -> None:
    """One pupil, all requests: code, explanation, five pages, thanks; no answer raises a flag."""
    browser = Browser("127.0.0.1", PORT, timings)
    page = await browser.get("open code page", "/ru/s")
    fields = {"csrf_token": _token(page.body), "code": code}
    page = await browser.post("send code", "/ru/s", fields)
    assert page.status == 303, (page.status, page.body[:200])
    page = await browser.get("explanation", page.headers["location"])
    token = {"csrf_token": _token(page.body)}
    page = await browser.post("start", "/ru/s/about", token)
    while "/page/" in (path := page.headers["location"]):
        page = await browser.get("open a page of items", path)
        token = {"csrf_token": _token(page.body)}
        answers = dict.fromkeys(NAMES.findall(page.body), "0")
        if autosave:
            for item, value in answers.items():
                one = {**token, "item": item, "value": value}
                await browser.post("autosave one answer", "/ru/s/answer", one)
        last = "q13" in answers
        step = "complete" if last else "send a page of items"
        page = await browser.post(step, path, {**token, **answers, "step": "next"})
    page = await browser.get("thanks", page.headers["location"])
    assert page.status == 200, page.status
    await browser.close()


async def crowd(codes: list[str], size: int, timings: Timings, *, autosave: bool) -> float:
    """`size` pupils at a time until all codes are used up; returns seconds."""
    waiting = iter(codes)

    async def pupil() -> None:
        for code in waiting:
            await journey(code, timings, autosave=autosave)

    begun = time.perf_counter()
    await asyncio.gather(*(pupil() for _ in range(size)))
    return time.perf_counter() - begun


async def floor(requests: int, size: int, timings: Timings) -> float:
    """The bare view under the same number of connections."""
    left = iter(range(requests))

    async def one() -> None:
        browser = Browser("127.0.0.1", FLOOR_PORT, timings)
        for _ in left:
            await browser.post("bare insert", "/row", {"a": "b"})
        await browser.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(size)))
    return time.perf_counter() - begun


def raw_commits(url: str, seconds: float = 2.0) -> float:
    """Insert commits per second of PostgreSQL itself, one connection, one row each."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        done, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            connection.execute("INSERT INTO bench_floor (body) VALUES (%s)", ["x" * 64])
            done += 1
    return done / seconds


def serve(module: str, port: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start gunicorn with the settings of `tirek serve` and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *SERVER, "--bind", f"127.0.0.1:{port}", module],
        cwd=ROOT,
        env={**os.environ, **env, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    asyncio.run(_until_up(port))
    return process


async def _until_up(port: int) -> None:
    for _ in range(300):
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        await asyncio.sleep(1)
        return
    raise SystemExit("the server did not come up within 30 s")


def slow_hash_ms() -> float:
    """CPU milliseconds of proving one code."""
    hashed = hash_secret("ABCDEFGHJ")
    begun = time.process_time()
    for _ in range(10):
        verify_secret(hashed, "ABCDEFGHJ")
    return (time.process_time() - begun) * 100


def report(title: str, timings: Timings) -> None:
    print(f"\n{title}\n  {'step':28}{'n':>6}{'p50':>9}{'p95':>9}{'p99':>9}  ms")
    for step in timings.steps:
        figures = "".join(f"{timings.percentile(step, share):9.1f}" for share in (0.5, 0.95, 0.99))
        print(f"  {step:28}{len(timings.steps[step]):6}{figures}")


def measure(bench: Bench, sizes: list[int], pupils: int, hash_ms: float) -> dict[str, float]:
    """The journeys, then the floor; returns CPU milliseconds of a page and of the floor."""
    env = {"DATABASE_URL": bench.url, "TIREK_KEYS_FILE": str(bench.keys_file)}
    web = serve("tirek.wsgi:application", PORT, env)
    figures: dict[str, float] = {}
    try:
        asyncio.run(crowd(bench.take(4), 2, Timings(), autosave=False))
        for autosave in (False, True):
            for size in sizes:
                timings, before = Timings(), cpu_seconds(web.pid)
                seconds = asyncio.run(crowd(bench.take(pupils), size, timings, autosave=autosave))
                cpu = (cpu_seconds(web.pid) - before) * 1000 / pupils
                how = "answer-by-answer autosave" if autosave else "page-wise posts"
                report(
                    f"{how}, {size} pupils at once: {pupils / seconds:.1f} administrations/s,"
                    f" CPU {cpu:.1f} ms each, of that slow hash {hash_ms:.1f} ms,"
                    f" without it {cpu - hash_ms:.1f} ms",
                    timings,
                )
                figures[f"{how} p50 {size}"] = timings.percentile("send a page of items", 0.5)
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(10)
    return figures


def measure_floor(bench: Bench, sizes: list[int]) -> dict[str, float]:
    """The bare view and PostgreSQL alone, in the same run."""
    with psycopg.connect(bench.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body text)")
    bare = serve("tests.bench.floor:app", FLOOR_PORT, {"FLOOR_URL": bench.url})
    figures: dict[str, float] = {}
    try:
        asyncio.run(floor(200, 4, Timings()))
        for size in sizes:
            timings, before = Timings(), cpu_seconds(bare.pid)
            seconds = asyncio.run(floor(1000, size, timings))
            cpu = cpu_seconds(bare.pid) - before
            report(
                f"floor, {size} at once: bare Flask insert {1000 / seconds:.0f}/s,"
                f" CPU {cpu:.2f} ms each",
                timings,
            )
            figures[f"floor p50 {size}"] = timings.percentile("bare insert", 0.5)
    finally:
        bare.send_signal(signal.SIGTERM)
        bare.wait(10)
    print(f"\nPostgreSQL alone, one connection: {raw_commits(bench.url):.0f} insert commits/s")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=60, help="pupils in each round")
    parser.add_argument("--concurrency", default="1,8,32")
    options = parser.parse_args()
    sizes = [int(size) for size in options.concurrency.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        config = replace(Config.from_env({"TIREK_VAR": folder}), var_dir=Path(folder))
        print("building a school ...", flush=True)
        bench = a_bench(config, Path(folder), 4 + options.pupils * len(sizes) * 2)
        try:
            hash_ms = slow_hash_ms()
            figures = measure(bench, sizes, options.pupils, hash_ms)
            figures |= measure_floor(bench, sizes)
            for size in sizes:
                ratio = figures[f"page-wise posts p50 {size}"] / figures[f"floor p50 {size}"]
                print(f"a committing page / the floor, {size} at once: {ratio:.1f} (aim: <= 2)")
        finally:
            bench.server.stop()


def _token(body: str) -> str:
    found = CSRF.search(body)
    assert found, body[:500]
    return found.group(1)


if __name__ == "__main__":
    main()
