// A plan that could not be carried out is refused before the first packet: with its file, line and column, and the word that was meant.
import { describe, expect, test } from 'vitest';
import { UserError } from '../../kernel/errors.ts';
import type { FleetPlan } from './plan.ts';
import { parseUnits } from './plan-csv.ts';
import { planOfFlags, requireNames, resolvePlan, type Overrides } from './plan-resolve.ts';
import { readPlan } from './plan-source.ts';

const UNITS = ['unit-0001', 'unit-0002'].map((deviceName) => ({ deviceName }));

/** The complaint about a plan: its place and what was wrong, then the remedy. */
function complaint(text: string, flags: Overrides = {}): [string, string] | undefined {
  try {
    const source = readPlan(text, 'p.yaml');
    const { fleet, namespace = 'x1' } = resolvePlan(source, flags, () => UNITS);
    const plan: FleetPlan = { ...fleet, namespace, productKey: 'a1Muster0001', productSecret: 'secret' };
    requireNames(plan, source);
  } catch (error) {
    if (error instanceof UserError) return [error.message, error.remedy];
    throw error;
  }
  return undefined;
}

describe('a plan that is refused', () => {
  const one = (rest: string): string => `cohorts:\n  - count: 5\n    ${rest}\n`;
  test.each([
    ['no YAML', 'cohorts: [', /^plan p\.yaml, line 1:\d+: this is not YAML/, /mend/],
    ['nothing', '', /^plan p\.yaml: is not what belongs here/, /docs\/fleet\.md/],
    ['a list', '- 5', /^plan p\.yaml, line 1:1: is a list, and a mapping belongs here/, /`key: value`/],
    ['a list for stop', 'stop: []\ncohorts: [{ count: 1 }]', /line 1:7, stop: is a list, and a mapping belongs/, /`key: value`/],
    ['a list for arrivals', 'arrival: [5]\ncohorts: [{ count: 1 }]', /line 1:10, arrival: is a list, and a mapping/, /./],
    ['a list for a teardown', 'teardown: [drop]\ncohorts: [{ count: 1 }]', /line 1:11, teardown: is a list, and a mapping/, /./],
    ['a list for a cohort', 'cohorts: [[{ count: 1 }]]', /line 1:11, cohorts\[0\]: is a list, and a mapping/, /./],
    ['a list for publish', one('publish: [a]'), /line 3:14, cohorts\[0\]\.publish: is a list, and a mapping/, /./],
    ['an empty list for publish', one('publish: []'), /cohorts\[0\]\.publish: is a list, and a mapping/, /./],
    ['an empty list for faults', one('faults: []'), /cohorts\[0\]\.faults: is a list, and a mapping/, /./],
    ['a list of faults', one('faults: [{ share: 0.5 }]'), /cohorts\[0\]\.faults: is a list, and a mapping/, /./],
    ['a list for a lane', one('faults: { in: [] }'), /cohorts\[0\]\.faults\.in: is a list, and a mapping/, /./],
    ['a list of properties', one('publish: { properties: [a] }'), /publish\.properties: is a list, and a mapping/, /./],
    ['a mapping for a list', 'cohorts: { count: 1 }', /line 1:10, cohorts: is not what belongs here \(a list\)/, /./],
    ['an alias of nothing', 'cohorts: *nobody', /aliases/, /mend/],
    [
      'an alias of what it is in',
      'cohorts:\n  - count: 2\n    publish: { properties: &p { self: *p } }',
      /line 3:39: this alias stands for what it is itself inside of/,
      /write out what it stands for/,
    ],
    ['an unknown key', 'holt: 3\ncohorts: [{ count: 1 }]', /line 1:1, holt: there is no such key/, /did you mean hold\?/],
    ['a key that is needed, mistyped', 'cohorst: [{ count: 1 }]', /line 1:1, cohorst: there is no such key/, /did you mean cohorts\?/],
    ['an unknown key of a cohort', one('publsh: {}'), /line 3:5, cohorts\[0\]\.publsh: there is no such key/, /did you mean publish\?/],
    [
      'a key of another place',
      one('concurrency: 3'),
      /line 3:5, cohorts\[0\]\.concurrency: there is no such key/,
      /known here are name, mode, count/,
    ],
    [
      'a key of another policy',
      one('reconnect: { policy: fixed, delay: 1, cap: 3 }'),
      /cohorts\[0\]\.reconnect\.cap: there is no such key/,
      /known here are policy, delay, attempts/,
    ],
    ['a mode that is none', one('mode: regnw'), /line 3:11, cohorts\[0\]\.mode: "regnw" is not what belongs here/, /did you mean regnwl\?/],
    ['a shape that is none', 'arrival: { shape: rmp }\ncohorts: [{ count: 1 }]', /line 1:19, arrival\.shape/, /did you mean ramp\?/],
    ['no cohorts', 'cohorts: []', /line 1:10, cohorts: has no cohort/, /./],
    ['no count', 'cohorts:\n  - mode: mixed', /line 2:5, cohorts\[0\]: nothing says how many units/, /give count/],
    ['too many', 'cohorts: [{ name: a, count: 60000 }, { name: b, count: 60000 }]', /120000 devices are more than the 100000/, /./],
    ['more of a cohort than one run has', 'cohorts: [{ count: 100001 }]', /line 1:20, cohorts\[0\]\.count: is more than 100000/, /./],
    ['a rate of nothing', 'arrival: { shape: constant, rate: 0 }\ncohorts: [{ count: 1 }]', /line 1:35, arrival\.rate: is no rate/, /./],
    [
      'an impossible rate',
      'arrival: { shape: constant, rate: 1e9 }\ncohorts: [{ count: 1 }]',
      /arrival\.rate: is impossible: at most 100000/,
      /./,
    ],
    [
      'a rate below nothing',
      'arrival: { shape: ramp, from: -1, to: 5, over: 3 }\ncohorts: [{ count: 1 }]',
      /arrival\.from: is less than 0/,
      /./,
    ],
    [
      'a ramp that ends before all have come',
      'arrival: { shape: ramp, from: 10, to: 0, over: 10s }\ncohorts: [{ count: 100 }]',
      /line 1:10, arrival: only 50 of 100 units would ever be due/,
      /above 0/,
    ],
    [
      'a step without an end before another',
      'arrival:\n  shape: step\n  steps: [{ rate: 1 }, { rate: 50, for: 5s }, { rate: 10 }]\ncohorts: [{ count: 1 }]',
      /line 3:11, arrival\.steps\[0\]: says no `for`, and only the last step may leave it out/,
      /./,
    ],
    [
      'the same, of a cohort',
      one('arrival: { shape: step, steps: [{ rate: 1, for: 5s }, { rate: 50 }, { rate: 10, for: 5s }] }'),
      /line 3:59, cohorts\[0\]\.arrival\.steps\[1\]: says no `for`/,
      /./,
    ],
    [
      'a rate at which the last comes in a year',
      'arrival: { shape: constant, rate: 1e-7 }\ncohorts: [{ count: 100 }]',
      /line 1:35, arrival\.rate: the last of 100 units would be due after 275000 h, and a plan may take 168 h/,
      /0\.000164 or more, or lower the count/,
    ],
    [
      'the same of chance',
      'arrival: { shape: poisson, rate: 1e-7 }\ncohorts: [{ count: 100 }]',
      /line 1:34, arrival\.rate: the last of 100 units would be due after/,
      /raise it, or lower the count/,
    ],
    [
      'a ramp to nearly nothing',
      'arrival: { shape: ramp, from: 1, to: 1e-9, over: 1s }\ncohorts: [{ count: 100 }]',
      /line 1:38, arrival\.to: the last of/,
      /./,
    ],
    [
      'a last step of nearly nothing',
      one('arrival: { shape: step, steps: [{ rate: 2, for: 1s }, { rate: 1e-9 }] }'),
      /line 3:67, cohorts\[0\]\.arrival\.steps\[1\]\.rate: the last of 5 units/,
      /./,
    ],
    [
      'a spike out of nearly nothing',
      'arrival: { shape: spike, rate: 1e-9, peak: 5, at: 1, for: 1 }\ncohorts: [{ count: 100 }]',
      /line 1:32, arrival\.rate: the last of/,
      /./,
    ],
    [
      'a teardown without an end',
      'cohorts: [{ count: 100 }]\nteardown: { rate: 1e-7 }',
      /line 2:19, teardown\.rate: the last of 100 connections would end after 275000 h, and a plan may take 168 h/,
      /0\.000164 or more/,
    ],
    [
      'a teardown that is none',
      'cohorts: [{ count: 1 }]\nteardown: dorp',
      /line 2:11, teardown: "dorp" is not what belongs/,
      /mean drop\?/,
    ],
    ['a teardown of no rate', 'cohorts: [{ count: 1 }]\nteardown: { rate: 0 }', /line 2:19, teardown\.rate: is no rate/, /./],
    ['a teardown at words', 'cohorts: [{ count: 1 }]\nteardown: { rate: all }', /line 2:19, teardown\.rate: "all" is not what/, /./],
    ['a teardown without its rate', 'cohorts: [{ count: 1 }]\nteardown: { how: drop }', /line 2:11, teardown\.rate: is missing/, /./],
    ['a key of no teardown', 'cohorts: [{ count: 1 }]\nteardown: { rat: 5 }', /line 2:13, teardown\.rat: there is no such/, /mean rate\?/],
    ['a time that is none', one('session: 5 minutes'), /line 3:14, cohorts\[0\]\.session: is no time/, /./],
    ['a time below nothing', 'hold: -1\ncohorts: [{ count: 1 }]', /hold: is no time/, /./],
    ['a time beyond all patience', 'hold: 8000h\ncohorts: [{ count: 1 }]', /line 1:7, hold: is longer than 168h/, /./],
    ['seconds beyond all patience', one('session: 604801'), /session: is longer than 168h/, /./],
    ['a range beyond all patience', one('think: 1s..169h'), /think: is longer than 168h/, /./],
    ['bytes that are none', one('faults: { resetAfter: 0x10..100 }'), /faults\.resetAfter: is no number of bytes/, /./],
    ['a range the wrong way', one('think: 5s..2s'), /the smaller first/, /./],
    ['a publish every no time', one('publish: { every: 0 }'), /publish\.every: is no time between/, /./],
    [
      'a million publishes a second',
      one('publish: { every: 1e-6 }'),
      /line 3:23, cohorts\[0\]\.publish\.every: is no time between two publishes.*at least 1ms/,
      /./,
    ],
    ['the same of minutes', one('publish: { every: 0.00001m }'), /line 3:23, cohorts\[0\]\.publish\.every: is no time between/, /./],
    ['QoS 2', one('publish: { qos: 2 }'), /line 3:21, cohorts\[0\]\.publish\.qos: 2 is not what belongs here \(one of 0, 1\)/, /./],
    [
      'a template that is open',
      one("publish: { properties: { a: '{{index' } }"),
      /line 3:33, cohorts\[0\]\.publish\.properties\.a: opens \{\{ and never/,
      /\}\}/,
    ],
    [
      'an expression that is none',
      one("publish: { topic: /a, payload: '{{1 + 1}}' }"),
      /publish\.payload: \{\{1 \+ 1\}\} is no expression/,
      /walk\(20, 0\.5\)/,
    ],
    ['an unknown variable', one("publish: { topic: '/{{devicename}}' }"), /publish\.topic: \{\{devicename\}\} is not known/, /deviceName/],
    [
      'a call without its arguments',
      one("publish: { properties: { a: '{{walk(1)}}' } }"),
      /takes 2 to 4 arguments, not 1/,
      /walk\(start, step/,
    ],
    [
      'a walk that starts outside of its bounds',
      one("publish: { properties: { a: '{{walk(30,1,0,10)}}' } }"),
      /line 3:33, cohorts\[0\]\.publish\.properties\.a: \{\{walk\(30,1,0,10\)\}\}: starts at 30, above its most, 10/,
      /walk\(start, step, min, max\)/,
    ],
    [
      'a property that is no number',
      one('publish: { properties: { a: 1, b: .nan } }'),
      /line 3:39, cohorts\[0\]\.publish\.properties\.b: NaN is no number that JSON can say/,
      /a finite one, or null/,
    ],
    [
      'one without an end, further inside',
      one('publish: { properties: { a: [1, { b: -.inf }] } }'),
      /line 3:42, cohorts\[0\]\.publish\.properties\.a\[1\]\.b: -Infinity is no number/,
      /./,
    ],
    ['one of more than a number holds', one('publish: { properties: { a: 1e999 } }'), /properties\.a: Infinity is no number/, /./],
    [
      'a topic for many',
      one("publish: { topic: '/a/#' }"),
      /line 3:23, cohorts\[0\]\.publish\.topic: a message is published to one topic/,
      /./,
    ],
    ['a payload to nowhere', one('publish: { payload: x }'), /publish\.payload: a payload needs a topic/, /./],
    ['properties and a topic', one('publish: { topic: /a, properties: { a: 1 } }'), /say what is published/, /./],
    ['a reply to a message', one('publish: { topic: /a, reply: true }'), /only a post of properties has a reply/, /./],
    ['names that change', one("names: 'u-{{now}}'"), /cohorts\[0\]\.names: \{\{now\}\} cannot be part of a DeviceName/, /index, number/],
    ['names that are all the same', one('names: unit-0001'), /cohorts\[0\]\.names: two units would be named unit-0001/, /\{\{index\}\}/],
    ['names that are none', one("names: 'a b {{index}}'"), /line 3:12, cohorts\[0\]\.names: "a b 0" is no DeviceName/, /4-32/],
    ['names twice', one("names: 'u-{{index}}'\n    csv: units.csv"), /names and csv both say/, /./],
    ['more units than identities', one('csv: units.csv'), /line 2:12, cohorts\[0\]\.count: 5 units, but units\.csv names 2/, /add lines/],
    [
      'blank units that register nothing',
      one('mode: connect\n    start: blank'),
      /line 4:12, cohorts\[0\]\.start: units of mode connect cannot/,
      /./,
    ],
    ['tokens from nobody', one('mode: regnwl\n    start: provisioned'), /only the platform issues a ClientID/, /--flash/],
    [
      'cohorts of one name',
      'cohorts: [{ count: 1 }, { count: 1 }]',
      /line 1:25, cohorts\[1\]: two cohorts are named devices/,
      /name: meters/,
    ],
    [
      'a closed model without its width',
      'model: closed\ncohorts: [{ count: 1 }]',
      /line 1:8, model: a closed model needs a concurrency/,
      /concurrency: 50/,
    ],
    [
      'an open model with a width',
      'concurrency: 5\ncohorts: [{ count: 1 }]',
      /line 1:14, concurrency: an open model has no concurrency/,
      /./,
    ],
    [
      'a closed model with arrivals',
      'model: closed\nconcurrency: 5\narrival: { shape: storm }\ncohorts: [{ count: 1 }]',
      /line 3:10, arrival: a closed model has no/,
      /./,
    ],
    [
      'a threshold on an unknown metric',
      'cohorts: [{ count: 1 }]\nthresholds:\n  - refusd == 0',
      /line 3:5, thresholds\[0\]: "refusd" is no metric/,
      /did you mean refused\?/,
    ],
    [
      'a threshold on an unknown phase',
      'cohorts: [{ count: 1 }]\nthresholds: [p99(conect) < 5ms]',
      /nothing named "conect" is timed/,
      /did you mean connect\?/,
    ],
    [
      'a threshold without a unit',
      'cohorts: [{ count: 1 }]\nthresholds: [p99(connect) < 5]',
      /compares a time with a number/,
      /us, ms or s/,
    ],
    ['a namespace that no name can hold', 'namespace: a b\ncohorts: [{ count: 1 }]', /line 1:12, namespace: is not 1-12 letters/, /./],
  ])('%s', (_what, text, what, remedy) => {
    const found = complaint(text);
    expect(found?.[0]).toMatch(what);
    expect(found?.[0]).toMatch(/^plan p\.yaml/);
    expect(found?.[1]).toMatch(remedy);
  });

  test('by its flags', () => {
    const two = 'cohorts: [{ name: a, count: 9 }, { name: b, csv: units.csv }]';
    expect(complaint(two, { seed: '' })?.[0]).toMatch(/--seed is empty/);
    expect(complaint('cohorts: [{ count: 100 }]', { rate: 1e-7 })).toEqual([
      '--rate: the last of 100 units would be due after 275000 h, and a plan may take 168 h',
      'give 0.000164 or more, or lower the count',
    ]);
    expect(complaint('cohorts: [{ count: 1 }]', { rate: 1e-290 })).toBeUndefined();
    expect(complaint('cohorts: [{ count: 2 }]', { rate: 1e-290 })?.[0]).toMatch(
      /^--rate: the last of 2 units would be due after 2\.78e\+286 h/,
    );
    expect(complaint(two, { devices: 1 })?.[0]).toMatch(/--devices 1 is less than the 2 cohorts/);
    expect(complaint(two, { devices: 100 })?.[0]).toMatch(
      /line 1:50, cohorts\[1\]\.csv: --devices 100 needs 18 units, and units\.csv names 2/,
    );
    expect(complaint('model: closed\nconcurrency: 2\ncohorts: [{ count: 4 }]', { rate: 5 })?.[0]).toMatch(
      /--rate does not fit a closed model/,
    );
  });
});

describe('flags over a plan', () => {
  const PLAN = [
    'arrival: { shape: storm }',
    'seed: 7',
    'namespace: ns1',
    'hold: 5',
    'cohorts: [{ name: a, count: 90, mode: register, arrival: { shape: constant, rate: 3 } }, { name: b, count: 10 }]',
  ].join('\n');
  const resolved = (flags: Overrides) => resolvePlan(readPlan(PLAN, 'p.yaml'), flags, () => UNITS);

  test('win, each over what it names', () => {
    expect(resolved({})).toMatchObject({ holdMs: 5000, namespace: 'ns1', fleet: { seed: '7', devices: 100, mode: 'mixed' } });
    expect(resolved({ seed: 'x', namespace: 'y', holdMs: 1 })).toMatchObject({ holdMs: 1, namespace: 'y', fleet: { seed: 'x' } });
    const fewer = resolved({ devices: 20, rate: 50, mode: 'regnwl' }).fleet;
    expect(fewer).toMatchObject({ devices: 20, rate: 50, arrival: { shape: 'constant', rate: 50 } });
    expect(fewer.cohorts.map(({ name, devices, mode, arrival }) => [name, devices, mode, arrival])).toEqual([
      ['a', 18, 'regnwl', undefined],
      ['b', 2, 'regnwl', undefined],
    ]);
  });

  test('make a plan where there is no file', () => {
    const { fleet } = resolvePlan(planOfFlags(7, 'connect'), { rate: 3 }, () => UNITS);
    expect(fleet).toMatchObject({ devices: 7, mode: 'connect', rate: 3, seed: '1', cohorts: [{ devices: 7, start: 'provisioned' }] });
  });
});

test('a property may be any value of JSON, and a text as it is', () => {
  expect(complaint('cohorts: [{ count: 1, publish: { properties: { a: null, b: ".nan", c: true, d: [1e300, -0.5] } } }]')).toBeUndefined();
});

test('a property may be a list', () => {
  expect(complaint('cohorts: [{ count: 1, publish: { properties: { a: [], b: [[1]], c: { d: [] } } } }]')).toBeUndefined();
});

describe('a list of units', () => {
  test('with credentials of either kind, or none', () => {
    expect(parseUnits('deviceName,client_id,Device Token,deviceSecret\nunit-0001,cid,tok,\n\nunit-0002,,,"sec"\nunit-0003\n')).toEqual({
      ok: true,
      units: [
        { deviceName: 'unit-0001', credentials: { kind: 'token', clientId: 'cid', deviceToken: 'tok' } },
        { deviceName: 'unit-0002', credentials: { kind: 'secret', deviceSecret: 'sec' } },
        { deviceName: 'unit-0003' },
      ],
    });
    for (const name of ['device-0001', 'name-1', 'token.7', 'id@home', 'unit', 'keymaker'])
      expect(parseUnits(name)).toEqual({ ok: true, units: [{ deviceName: name }] });
    expect(parseUnits('deviceName\nname')).toEqual({ ok: true, units: [{ deviceName: 'name' }] });
    expect(parseUnits('unit-0001,sec')).toMatchObject({ units: [{ credentials: { deviceSecret: 'sec' } }] });
  });

  test.each([
    ['deviceName,deviceSecrt\nunit-0001,a', 1, /no column/, /did you mean deviceSecret\?/],
    ['name,secret\nunit-0001,hush', 1, /"name" is no column/, /columns are deviceName, deviceSecret, clientId, deviceToken/],
    ['Device\nunit-0001', 1, /"Device" is no column/, /columns are deviceName/],
    ['device-name\nunit-0001', 1, /"device-name" is no column/, /did you mean deviceName\?.*columns are deviceName/],
    ['"ID","TOKEN"\nunit-0001,hush', 1, /"ID" is no column/, /columns are deviceName/],
    ['meter,device_secrets\nunit-0001,hush', 1, /"meter" is no column/, /columns are/],
    ['serial number,password\nunit-0001,hush', 1, /"serial number" is no column/, /columns are/],
    ['secret', 1, /"secret" is no column/, /a device of that name.*deviceName,deviceSecret/],
    ['unit-0001\nx', 2, /no DeviceName/, /./],
    ['unit-0001\nunit-0001', 2, /the DeviceName of line 1/, /./],
    ['deviceName,device_name\nunit-0001,a', 1, /the column deviceName twice/, /./],
    ['unit-0001,hush,extra', 1, /more than 2 columns/, /./],
    ['deviceName,clientId,deviceToken\nunit-0001,hush', 2, /needs both/, /./],
    ['deviceName\n', 1, /names no unit/, /./],
  ])('that is none: %j', (text, line, why, remedy) => {
    const parsed = parseUnits(text);
    expect(parsed).toMatchObject({
      ok: false,
      line,
      why: expect.stringMatching(why) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
    expect(JSON.stringify(parsed)).not.toContain('hush');
  });
});
