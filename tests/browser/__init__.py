"""Stories told in a real browser, with and without JavaScript."""
