"""Where the database is; shared by the commands that need one."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from tirek.cli.parser import CommandError
from tirek.config import Config
from tirek.domain.errors import ConflictError
from tirek.storage import embedded
from tirek.storage.addresses import AddressError, postgresql


def database_url(config: Config) -> str:
    """The address of the named database; else of the embedded one, which is started if need be."""
    with sentences():
        if config.database_url is not None:
            return postgresql(config.database_url)
        server = embedded.start(config.var_dir, durable=config.durable, bin_dir=config.pg_bin)
        return server.url()


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what an operator can mend into one sentence."""
    try:
        yield
    except (embedded.EmbeddedServerError, AddressError, ConflictError) as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError(f"The database cannot be used: {error.orig}") from error
