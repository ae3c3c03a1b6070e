"""What ships, made from a trained model: merged weights for a server, int4 ONNX for a device."""
