"""What could be had for less: takes what was measured, gives what to change and what that saves."""
