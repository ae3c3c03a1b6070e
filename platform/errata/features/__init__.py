"""What a camera and a microphone recorded, as vectors: read by ffmpeg, extracted, and kept."""
