"""What rules, pages and reports ask: one module for each query."""
