"""Where everything meets: a configuration and a database become the web application."""

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from tirek.catalog.library import Catalog, load_catalog
from tirek.config import Config
from tirek.domain.calls import CallServer
from tirek.gateways.video_room import JitsiServer
from tirek.storage.session import app_engine
from tirek.storage.vault import Vault
from tirek.web import (
    access,
    admin,
    api,
    assets,
    calls,
    compression,
    errors,
    filters,
    headers,
    i18n,
    kept_pages,
    metrics,
    offline,
    oversight,
    parent,
    patience,
    psc,
    public,
    saved_course,
    school,
    sessions,
    student,
    transaction,
)
from tirek.web.probes import blueprint as probes

BLUEPRINTS = (
    public.blueprint,
    student.blueprint,
    parent.blueprint,
    school.blueprint,
    psc.blueprint,
    oversight.blueprint,
    admin.blueprint,
)
# A questionnaire's page is the largest form; folders of instruments have a limit of their own.
LARGEST_REQUEST = 256 * 1024


def create_app(config: Config, database_url: str, catalog: Catalog | None = None) -> Flask:
    """Build the application; raises `CatalogError` when a file of the catalog is wrong.

    A `catalog` that has been read already is not read again.
    """
    catalog = catalog or load_catalog(config.root)
    app = Flask("tirek", static_folder=None, template_folder="web/templates")
    app.config.update(
        SECRET_KEY=config.keys.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=config.secure,
        TESTING=config.testing,
        TEXTS_IN_REVIEW=config.texts_in_review,
        OFFLINE_COPIES=config.offline_copies,
        MEDIA=str(config.root / "content" / "media"),
        SMS_RECEIPT_SECRETS=config.sms_receipt_secrets,
        METRICS_TOKEN=config.metrics_token,
    )
    app.extensions[transaction.EXTENSION] = transaction.Plant(
        config.base_url,
        app_engine(database_url, pool_size=config.web_threads + 1),
        catalog,
        Vault(config.keys.keks, config.keys.kek_current, config.keys.code_pepper),
        config.failpoint,
    )
    app.extensions[calls.EXTENSION] = _call_server(config)
    _install(app, config)
    return app


def _call_server(config: Config) -> CallServer | None:
    one = config.calls
    if one is None:
        return None
    return JitsiServer(one.url, one.app_id, one.secret, one.key, one.key_id, one.domain)


def _install(app: Flask, config: Config) -> None:
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
    i18n.install(app, config.root / "translations")
    filters.install(app)
    assets.install(app)
    kept_pages.install(app)
    saved_course.install(app)
    # Answers pass through these in reverse: sessions write, then the one commit, then headers.
    headers.install(app)
    compression.install(app)
    transaction.install(app)
    sessions.install(app, secure=config.secure)
    # Every POST is checked, whether its view reads a form or not.
    guard = CSRFProtect(app)
    # Machines bring no cookie that a strange page could ride on; each call shows its own token.
    guard.exempt(api.blueprint)
    access.install(app)
    errors.install(app)
    app.register_blueprint(probes)
    app.register_blueprint(public.crawlers)
    app.register_blueprint(offline.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(api.blueprint)
    for blueprint in BLUEPRINTS:
        i18n.register(app, blueprint)
    # Before everything else.
    app.wsgi_app = patience.only_for_the_present(app.wsgi_app)  # type: ignore[assignment, method-assign]
