"""The kinds of splits, one file each."""
