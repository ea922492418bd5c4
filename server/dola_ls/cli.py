"""The command line. Without a command it is a language server on stdio."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence

from dola_ls import __version__

_DESCRIPTION = """\
A language server that explains, refactors and tests code with a code model, in any LSP editor.
Without a command it serves one editor on standard input and output; editors start it that way.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments == ["--stdio"]:
        return _serve(None)
    parser = argparse.ArgumentParser(
        prog="dola-ls",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"dola-ls {__version__}")
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="serve on stdio (the default)")
    transport.add_argument(
        "--tcp", metavar="HOST:PORT", help="serve one editor on a port of this machine"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    from dola_ls import doctor, local_cli
    from dola_ls.demo import cli as demo

    for command in (doctor, local_cli, demo):
        command.add_parser(commands)
    args = parser.parse_args(arguments)
    if args.command is None:
        return _serve(args.tcp)
    runners: dict[str, Callable[[argparse.Namespace], int]] = {
        "check": doctor.run,
        "local": local_cli.run,
        "demo": demo.run,
    }
    try:
        return runners[args.command](args)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _serve(tcp: str | None) -> int:
    # Importing pygls makes some 600 classes and no garbage; without the collector it takes a
    # fifth less time.
    gc.disable()
    from dola_ls import log
    from dola_ls.lsp.server import create_server
    from dola_ls.lsp.transport import serve_stdio, serve_tcp

    log.set_up(os.environ)
    server = create_server()
    gc.freeze()
    gc.enable()
    if tcp is None:
        return serve_stdio(server)
    host, _, port = tcp.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        print(f"dola-ls: --tcp takes HOST:PORT, as in 127.0.0.1:7777, not {tcp!r}", file=sys.stderr)
        return 2
    try:
        return serve_tcp(server, host.strip("[]") or "127.0.0.1", int(port))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
