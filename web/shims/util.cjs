// `util` as far as aedes, qlobber and fake-timers use it.
const custom = Symbol.for('nodejs.util.promisify.custom');

function promisify(fn) {
  // A function expression: aedes binds the result, so `this` has to arrive.
  return function (...args) {
    return new Promise((resolve, reject) => {
      fn.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
}
promisify.custom = custom;

module.exports = {
  promisify,
  inherits(constructor, parent) {
    constructor.super_ = parent;
    Object.setPrototypeOf(constructor.prototype, parent.prototype);
  },
};
