"""Tables and how they are reached: models, migrations, the session, the embedded server; no rules."""
