"""The network: the wire format, the client, its errors, and the embedded engine."""
