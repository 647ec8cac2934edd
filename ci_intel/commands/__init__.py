"""The commands: where the parts of the hub are wired together."""
