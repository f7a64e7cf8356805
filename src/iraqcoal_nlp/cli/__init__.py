"""The command line. Commands parse, make one library call, and print."""
