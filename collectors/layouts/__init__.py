"""How providers lay out what they deliver: which files are the bill of a month, as their manifests say."""
