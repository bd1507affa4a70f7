"""MQTT: messages made of readings, and the connection to the broker."""
