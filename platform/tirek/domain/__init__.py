"""The rules: frozen facts and pure functions; no database, no web, no clock of their own."""
