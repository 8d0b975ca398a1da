"""Stable Diffusion in this process, through diffusers."""
