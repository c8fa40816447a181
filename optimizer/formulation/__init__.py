"""From a case to a mathematical model: one module for each family of laws.

``commitments`` turns whatever can be committed to into by-time binaries;
``demand``, ``supply``, ``licensing`` and ``money`` add what commitments do;
``goals`` what is wanted. Each writes onto the block it is given. Nothing here
solves, reads files or prints.
"""
