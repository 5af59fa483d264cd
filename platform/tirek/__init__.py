"""Tirek: mental-health screening for schools, from a pupil's answer to the support centre's inbox."""
