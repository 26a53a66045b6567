"""The command line: `python -m engines COMMAND …`."""

import sys

from engines.commands import main

sys.exit(main())
