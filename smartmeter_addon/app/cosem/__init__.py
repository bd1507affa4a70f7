"""What was pushed, read as OBIS codes with exact values, units and the clock (DLMS Blue Book)."""
