"""``slos:`` of ``costwatch.yaml``: files of service level objectives, each in the format it was written in.

Documents become models of their format, these become Objectives. A file with a mistake yields none of its.
"""
