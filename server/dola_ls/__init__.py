"""A language server that puts a code model into any LSP editor as code actions."""

__version__ = "0.1.0"
