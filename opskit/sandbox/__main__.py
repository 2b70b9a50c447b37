# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The sandbox's background process: ``python -m opskit.sandbox FOLDER --port N``.

It is started by ``opskit sandbox up``, which reads its log when it ends early: the last lines
``error: ...`` and ``remedy: ...`` say why.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from opskit.errors import OpskitError
from opskit.sandbox.layout import Layout
from opskit.sandbox.server import Stop, discard, run

_STDIN = 0
_CHUNK = 1024


def main() -> int:
    """Run until stopped and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m opskit.sandbox")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--follow-stdin", action="store_true")
    arguments = parser.parse_args()
    stop = Stop()
    signal.signal(signal.SIGTERM, _leave)
    if arguments.follow_stdin:
        threading.Thread(target=_follow_stdin, args=[stop], daemon=True).start()
    try:
        run(Layout(arguments.folder), arguments.port, stop)
    except OpskitError as error:
        print(f"error: {error.message}\nremedy: {error.remedy}", file=sys.stderr)
        return error.exit_code
    finally:
        if arguments.follow_stdin and stop.requested:  # else the parent lives, and wants the log
            discard(arguments.folder)
    return 0


def _leave(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)  # so that everything is removed on the way out


def _follow_stdin(stop: Stop) -> None:
    # Not sys.stdin: its lock, held by a daemon thread, would upset the interpreter's shutdown.
    while os.read(_STDIN, _CHUNK):
        pass
    stop.request()


if __name__ == "__main__":
    sys.exit(main())
