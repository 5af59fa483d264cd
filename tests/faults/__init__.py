"""Faults put on purpose: servers and databases killed under pupils who are answering.

Each test prints its seed; TIREK_FAULTS_SEED repeats it, TIREK_FAULTS=long repeats more often.
"""
