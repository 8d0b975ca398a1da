"""Content Credentials (C2PA) and the author's CAWG identity, with the c2pa library wrapped once."""
