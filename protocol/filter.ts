// Topic filters of MQTT 3.1.1, section 4.7.

/** Does `filter` match `topic`? Wildcards `+` and `#` as levels; neither matches a first level that begins with `$` (4.7.2). */
export function filterMatches(filter: string, topic: string): boolean {
  const want = filter.split('/');
  const have = topic.split('/');
  if (topic.startsWith('$') && (want[0] === '+' || want[0] === '#')) return false;
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '#') return i <= have.length;
    if (have[i] === undefined || (want[i] !== '+' && want[i] !== have[i])) return false;
  }
  return want.length === have.length;
}
