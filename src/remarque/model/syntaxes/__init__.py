"""How each family of programs writes weights, order and tags into a prompt."""
