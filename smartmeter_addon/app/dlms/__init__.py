"""Frames in, data-notifications out: block transfer, deciphering, A-XDR (DLMS Green Book)."""
