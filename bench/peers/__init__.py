"""What runs inside the tools' own environments: standard library, `bench.problems` and the tool itself, no more."""
