"""What ships, made from a trained model: merged weights for a server, quantised ONNX for a device, a .gguf file
for llama.cpp."""
