"""`make faults`: children answer for an hour while everything is broken under them.

Each run has a database, a Redis and processes of its own, a printed seed, and an oracle that counts
what was acknowledged against what stands in the database. Modules, in the order in which they work:

- plans, template: what pupils answer, and a database in which 5,000 of them have one page to go
- postgres, processes, smtp, proxy: what a run consists of, each part breakable
- load: the pupils, who press "Finish" until somebody says thank you
- faults, schedule: what is broken, and when
- oracle: lost, doubled, half
- run, report: one run, all runs, and the table at the end
"""
