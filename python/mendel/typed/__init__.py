"""Configurations and tasks written as typed classes.

A class that derives from ``Config`` declares typed values; calling it makes a
*configuration*, which has an identity and can be changed until it is sealed. An
*instance*, on which user code runs, is built from a configuration.

The names are offered by :mod:`mendel`; one subject lies in one module here.
"""
