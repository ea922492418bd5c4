"""Where tests of some code belong, what they look like, and how they join those that are there."""
