"""The model: configuration, network, tokenization, backends, and the folder it is saved in."""
