"""Tirek: mental-health screening for schools, from a pupil's answer to a specialist's inbox."""
