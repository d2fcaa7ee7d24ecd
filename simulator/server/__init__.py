"""What the emulated WhatsApp is reached by: the pages' HTTP and WebSocket, and the control API."""
