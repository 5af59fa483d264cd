"""The application for a WSGI server of the operator's choice: `tirek.wsgi:application`.

`tirek serve` does without it. Here nothing is started beside the web: `tirek migrate` runs before,
`tirek relay` runs besides, and DATABASE_URL must be set.
"""

from tirek.app import create_app
from tirek.config import Config, ConfigError
from tirek.storage.addresses import postgresql

_config = Config.from_env()
if _config.database_url is None:
    raise ConfigError("Under a WSGI server of your own DATABASE_URL must be set.")
application = create_app(_config, postgresql(_config.database_url))
