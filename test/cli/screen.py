"""Runs a command in a pseudo-terminal of 80 columns. Prints what it said; ends it with SIGINT once it has said `until`."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

TIMEOUT_SECONDS = 120


def main() -> int:
    until, argv = sys.argv[1].encode(), sys.argv[2:]
    process, terminal = pty.fork()
    if process == 0:
        time.sleep(0.2)
        os.execvp(argv[0], argv)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    said, end, told = b"", time.monotonic() + TIMEOUT_SECONDS, False
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        said += data
        if until and until in said and not told:
            told = True
            os.kill(process, signal.SIGINT)
    sys.stdout.buffer.write(said.replace(b"\r\n", b"\n"))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


sys.exit(main())
