"""Read what a picture file says about its own making, one reader per generator."""
