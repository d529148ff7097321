"""Sources: one file each, known to costwatch by its entry point."""
