"""What collect can store: one file for each kind of batch, and the list of tables."""
