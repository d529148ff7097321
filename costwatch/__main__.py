"""``python -m costwatch``: the same program as the ``costwatch`` command."""

from costwatch.cli import main

main()
