"""Reads instruments, protocols and courses once at start, and refuses to start on a wrong file."""
