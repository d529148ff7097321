"""costwatch: what the infrastructure costs, per team, and how reliably it runs."""

__version__ = "0.1.0"
