"""The warehouse: one SQLite file of small, published facts. All SQL lives here."""
