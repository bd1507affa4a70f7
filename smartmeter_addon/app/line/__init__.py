"""One meter's line: read, watched, told of in the log, and handed on to the outputs."""
