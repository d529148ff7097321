"""The commands, one file for each subject: parse, call one step, print what it answers."""
