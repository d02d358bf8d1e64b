"""Settings, logging, process configuration, migrations, and the data files that ship with Tandem."""
