"""``dola-ls demo``: an editor without a screen that tries every action on the real server."""
