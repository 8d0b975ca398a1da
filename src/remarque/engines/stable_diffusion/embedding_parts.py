"""Parts of a pipeline by what they are. Their libraries are imported only while running."""

from typing import Any, TypeAlias

Pipe: TypeAlias = Any
Tokenizer: TypeAlias = Any
TextEncoder: TypeAlias = Any
EncoderOutput: TypeAlias = Any
