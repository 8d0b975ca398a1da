"""ComfyUI: facts by walking the executed graph from the picture's output node back."""
