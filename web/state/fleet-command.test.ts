import { describe, expect, it } from 'vitest';
import type { Values } from './fields.ts';
import { fleetCommandOf } from './fleet-command.ts';

const FORM: Values = {
  target: 'stub',
  url: '',
  productKey: '',
  productSecret: '',
  devices: '2000',
  mode: 'mixed',
  session: 'reference',
  rate: '500',
  seed: 'muster',
  namespace: 'abc234',
};
const OWN = { ...FORM, target: 'wss', url: 'wss://host:8084/mqtt', productKey: 'a1Own', productSecret: 'SECRET' } as const;

describe('the command of a form', () => {
  it('names everything that the form says of a fleet on the in-page platform, which is what the command takes by itself', () => {
    expect(fleetCommandOf(FORM, null)).toBe('muster fleet --devices 2000 --rate 500 --mode mixed --session reference --seed muster');
    expect(fleetCommandOf({ ...FORM, devices: ' 7 ', mode: 'regnwl', session: 'lean' }, null)).toContain(
      '--devices 7 --rate 500 --mode regnwl --session lean ',
    );
  });

  it('names target, product and namespace of a platform of the user, and no secret', () => {
    const command = fleetCommandOf(OWN, null);
    expect(command).toMatch(/ --namespace abc234 --target wss:\/\/host:8084\/mqtt --product-key a1Own$/);
    expect(command).not.toContain('SECRET');
  });

  it('leads to the target of the relay itself, and never to the URL that was typed before', () => {
    expect(fleetCommandOf({ ...OWN, target: 'relay' }, 'mqtts://127.0.0.1:8883')).toContain(' --target mqtts://127.0.0.1:8883 ');
    expect(fleetCommandOf({ ...OWN, target: 'relay' }, null)).toBeNull();
  });

  it('names the rate that the target takes, never a higher one', () => {
    expect(fleetCommandOf(OWN, null, 250)).toContain(' --rate 250 ');
    expect(fleetCommandOf(OWN, null, 500 / 3)).toContain(' --rate 166.666 ');
    expect(fleetCommandOf(OWN, null, 249.99999999999997)).toContain(' --rate 250 ');
  });

  it('needs no secret, but everything else', () => {
    expect(fleetCommandOf({ ...OWN, productSecret: '' }, null)).toBe(fleetCommandOf(OWN, null));
    for (const lacking of [
      { devices: 'many' },
      { rate: '0' },
      { url: 'https://host' },
      { productKey: '' },
      { namespace: '' },
      { seed: ' ' },
    ])
      expect(fleetCommandOf({ ...OWN, ...lacking }, null)).toBeNull();
  });

  it('is one word a value for a shell, whatever the seed is', () => {
    expect(fleetCommandOf({ ...FORM, seed: "it's $(me)" }, null)).toMatch(/ --seed 'it'\\''s \$\(me\)'$/);
    expect(fleetCommandOf({ ...OWN, url: 'wss://host/mqtt?a=1&b=2' }, null)).toContain(" --target 'wss://host/mqtt?a=1&b=2' ");
  });
});
