"""Answers of many people to one instrument, as tables that other programs read and write."""
