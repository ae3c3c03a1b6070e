"""What a camera or a microphone recorded, on its way to text: downloaded, looked into, heard, cut and stored."""
