"""Where bytes come from: serial ports and TCP gateways, opened again for as long as it takes."""
