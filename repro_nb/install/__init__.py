"""What repro_nb puts into an environment, on request: a kernelspec, and the startup file that loads the extension."""
