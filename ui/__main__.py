"""``python -m ui --run-file FILE``: the window alone, for an engine that runs already."""

import sys

from ui.main import main

sys.exit(main())
