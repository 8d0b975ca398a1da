"""One BLAS thread a test process, as the command line has it: more only wait for each other."""

import os
import signal
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A watch under test must not take in what the developer's own programs hand over.
os.environ["REMARQUE_INBOX"] = str(Path(tempfile.gettempdir()) / f"no-inbox-{os.getpid()}")
# A runner that was started in the background ignores Ctrl-C, and so would every command under test.
signal.signal(signal.SIGINT, signal.default_int_handler)
