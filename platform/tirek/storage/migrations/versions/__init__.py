"""Numbered steps; none of them imports the models."""
