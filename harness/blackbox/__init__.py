"""Tables of finished trainings, from which trials are played back in virtual time."""
