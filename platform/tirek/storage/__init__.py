"""Tables and the ways to reach them: models, migrations, embedded server; no rules."""
