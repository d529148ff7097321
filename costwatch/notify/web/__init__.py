"""What receivers share that speak to servers of others: addresses, secrets, answers, alerts as JSON."""
