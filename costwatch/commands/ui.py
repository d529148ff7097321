"""``costwatch ui``: the pages."""

import os

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.errors import UsageError


@click.command("ui", cls=Command)
@click.option("--host", help="Address to listen on, instead of the configured one.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port, instead of the configured one.")
@pass_context
def command(context: Context, host: str | None, port: int | None) -> int:
    """Serve the pages.

    Until interrupted. They have no login of their own: to be reached from elsewhere, put a proxy that
    knows your people in front.

    \b
    Example: costwatch ui --port 8600
    """
    if context.warehouse_name:
        raise UsageError("ui: serves the warehouse that costwatch.yaml names; leave --db out")
    return serve_pages(context, host, port)


def serve_pages(context: Context, host: str | None = None, port: int | None = None) -> int:
    """Serve the pages of ``run``'s configuration until interrupted; returns the exit code."""
    from dashboards.reading import NOW_VARIABLE
    from dashboards.serve import serve

    if context.pretended:
        os.environ[NOW_VARIABLE] = context.pretended.isoformat()
    ui = context.config.ui
    host, port = host or ui.host, port or ui.port
    if context.talks:
        click.echo(f"costwatch serves http://{host}:{port} until Ctrl-C", err=True)
    return serve(context.config.file, host, port)
