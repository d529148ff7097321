"""The pages, served by Streamlit. ``app.py`` lists them; each lies in ``views/``."""
