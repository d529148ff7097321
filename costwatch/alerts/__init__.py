"""What becomes of an alert, where it goes and what is said of it. Pure."""
