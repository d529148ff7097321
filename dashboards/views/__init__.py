"""One file for each page: ``page()`` draws it from the answer to one question."""
