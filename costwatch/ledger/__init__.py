"""The ledger: every delivered bill, kept as Parquet named by its content, read through expressions.

``files`` keeps the files, ``unpack`` and ``csv_to_parquet`` make Parquet of what comes otherwise, ``formats``
has one module for each bill format and the contract that all are turned into, ``nano`` makes exact integers
of costs, ``register`` decides whether a delivery is accepted, ``engines`` are who reads the lines, and
``recount`` proves what is kept.
"""
