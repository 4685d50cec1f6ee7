"""Letters from outside. What stands in `parsing` and below it knows neither Django nor the
database: it runs in a child process that may be killed (`cage`)."""
