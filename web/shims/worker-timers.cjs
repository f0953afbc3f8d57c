// `worker-timers` would start a worker from a blob, which the policy of the page forbids. Sessions live in workers, whose own timers tick.
module.exports = {
  setInterval: (fn, ms) => globalThis.setInterval(fn, ms),
  clearInterval: (id) => globalThis.clearInterval(id),
};
