"""The model: configuration, network, tokenization, backends, and the folder it is saved in."""

import os

# ONNX Runtime notes a device id and events for its maker as soon as it is imported. Reading the news is nobody's
# business: off, unless the user has decided otherwise.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
