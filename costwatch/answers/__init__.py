"""One module for each question; pages, report and command line ask them alike."""
