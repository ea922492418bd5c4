"""Whether the server stays up: fuzz, chaos, load and bad surroundings, and what came of them."""
