"""A simulated fleet: valid events of every contract, with stories in them, labelled as simulated."""
