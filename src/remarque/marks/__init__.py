"""Everything that is put into a published copy, and its reading back."""
