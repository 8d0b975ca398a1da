"""One BLAS thread a test process, as the command line has it: more only wait for each other."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A watch under test must not take in what the developer's own programs hand over.
os.environ["REMARQUE_INBOX"] = str(Path(tempfile.gettempdir()) / f"no-inbox-{os.getpid()}")
