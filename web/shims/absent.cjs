// Modules of Node that a library tries to load and can do without.
throw new Error('not available in a browser');
