"""What was read of each source and how far, and the rows of tables that collectors bring themselves."""
