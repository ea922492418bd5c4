"""Images and videos: what a file is by its bytes, links to it, and what is written about it."""
