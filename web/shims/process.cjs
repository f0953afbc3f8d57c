// `process` and `process/` for CommonJS libraries: the object that globals.ts made.
if (!globalThis.process) throw new Error('import web/shims/globals.ts before anything else');
module.exports = globalThis.process;
