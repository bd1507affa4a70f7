"""Where bytes come from: serial ports, TCP gateways and recordings, each a source of events."""
