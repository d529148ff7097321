"""How what ``deliver`` has planned gets out: messages, the fallback's, and what is forwarded."""
