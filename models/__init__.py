"""What is: the frozen records of a planning case, a plan and an outcome.

Standard library and pydantic only. Nothing here decides, solves, reads files or
prints; see the ``optimizer`` package for that. Users import everything they
need from ``optimizer``.
"""
