"""Run by the web UI before it starts: puts Remarque into the web UI's own environment, once.

Remarque needs Python 3.11; where the web UI runs on an older one nothing is installed, and the
extension says so under the pictures.
"""

import sys

import launch  # the web UI's own module

OLDEST = (3, 11)

if sys.version_info >= OLDEST and not launch.is_installed("remarque"):
    launch.run_pip("install remarque", "Remarque, for the remarque extension")
