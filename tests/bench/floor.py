"""The floor: a bare Flask view that inserts one row and commits, under the same server."""

import os

from flask import Flask
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["FLOOR_URL"], pool_size=5)
insert = text("INSERT INTO bench_floor (body) VALUES (:body)")
app = Flask(__name__)


@app.post("/row")
def row() -> str:
    """One insert, one commit."""
    with engine.begin() as connection:
        connection.execute(insert, {"body": "x" * 64})
    return "ok"
