"""The drawn world: scenes, the pictures of them and where everything in them stands."""
