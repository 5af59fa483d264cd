"""A backup is worth what its restore is worth: the drill, on servers of its own."""
