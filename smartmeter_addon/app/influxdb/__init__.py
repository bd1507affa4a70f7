"""Readings into InfluxDB and what takes its line protocol: buffered, in batches, over HTTP."""
