// A mutator alone, which libFuzzer finds by its name.
