"""How fast it is, on this machine: scripts, not timed tests (`make bench`)."""
