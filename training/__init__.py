"""Trains the miniature: the small Stable Diffusion that ships with Remarque.

Everything it learns from is drawn and captioned by this package; nothing is downloaded.
`python -m training all --seed 1 --out DIR` runs every stage and can be stopped and resumed.
"""
