"""The protocol: the only place that imports pygls or lsprotocol."""
