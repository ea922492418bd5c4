"""Run the command line as ``python -m dola_ls``."""

from dola_ls.cli import main

raise SystemExit(main())
