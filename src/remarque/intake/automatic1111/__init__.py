"""The text format of AUTOMATIC1111 and its family: Forge, SD.Next, Civitai and others."""
