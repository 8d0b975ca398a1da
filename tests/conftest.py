"""One BLAS thread a test process, as the command line has it: more only wait for each other."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
