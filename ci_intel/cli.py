"""
The command `ci-intel`.

Each command is a module of its own, imported only when it is called: a CI job that loads one file
does not wait for what the others need.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from ci_intel import __version__
from ci_intel.errors import HubError

COMMANDS = {
    "load": "Load evidence: files, folders, globs or - for standard input.",
    "validate": "Check evidence without a warehouse: what would be loaded, what would not.",
    "reload": "Read archived evidence again, after a reader or a contract was fixed.",
    "show": "Print the evidence behind a load, or one line of it.",
    "rejects": "Show the events that were rejected, and why.",
    "status": "Show what was loaded, topic by topic: how much, how fresh, how much rejected.",
    "scorecard": "Print the executive scorecard of the latest complete week.",
    "attention": "Print what needs attention, most pressing first, and whose it is.",
    "metrics": "List the metrics: what each means, in which version, and which way is better.",
    "topics": "List the contracts: which events there are, in which versions.",
    "formats": "List the reports that are understood.",
    "simulate": "Write the evidence of a simulated fleet, labelled as simulated.",
    "dashboards": "Check the dashboards that are in git, and make them ready for Superset.",
    "warehouse": "Create or extend the raw tables.",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"ci_intel.commands.{name}"), name)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            if context.params.get("debug"):
                import traceback

                traceback.print_exc()
            raise
        except BrokenPipeError:
            # Who reads our output has seen enough.
            sys.stderr.close()
            raise SystemExit(141) from None
        except Exception as error:
            if context.params.get("debug"):
                raise
            raise HubError(
                f"this should not happen: {type(error).__name__}: {error}; "
                "run again with `ci-intel --debug …`, and report what it prints"
            ) from error


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 good, 1 the evidence is bad, 2 wrong usage, 3 no answer (the message says what to do).",
)
@click.version_option(__version__, prog_name="ci-intel")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """
    Load what CI pipelines leave behind, and turn it into numbers one can trace back.

    \b
    First steps:
      ci-intel simulate --out evidence      a fleet to play with
      ci-intel load evidence                into warehouse/ci_intel.duckdb
      dbt build                             raw tables → marts
      ci-intel scorecard                    the week, on one page
      ci-intel attention                    what needs somebody, most pressing first
    """


if __name__ == "__main__":
    cli()
