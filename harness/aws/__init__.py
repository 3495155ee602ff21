"""The only package that speaks to AWS, and so imports boto3; the emulator does to itself."""
