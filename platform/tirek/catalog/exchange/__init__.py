"""Instruments and results in the words of other systems: pure reading and writing, no database."""
