"""The ledger: every delivered bill, kept as Parquet named by its content, read through expressions.

``files`` keeps the files, ``delimited`` turns CSV into Parquet, one module per bill format turns
its columns into the contract of ``lines``, ``money`` makes exact integers of costs, ``register``
decides whether a delivery is accepted, ``engine`` reads lines in this process, ``spark`` (started by
``driver``, named by an ``address``) on a cluster, and ``recount`` proves what is kept.
"""
