// `assert` as far as mqemitter uses it.
module.exports = function assert(value, message) {
  if (!value) throw message instanceof Error ? message : new Error(message ?? 'assertion failed');
};
