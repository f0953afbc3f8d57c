// `debug`, silent: nobody reads it in a worker, and formatting costs a tenth of every packet.
const silent = Object.assign(() => undefined, { enabled: false, extend: () => silent, log: () => undefined });
module.exports = Object.assign(() => silent, { enable: () => undefined, disable: () => '', enabled: () => false });
