"""Pure functions from text to prompts and from answers to edits: no I/O, code points only."""
