import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { ALPHANUMERIC, LOWER_HEX } from '../random.ts';
import { PacketFramer } from './framing.ts';
import { Redactor } from './redact.ts';

const textOf = (alphabet: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: min, maxLength: max }).map((chars) => chars.join(''));
/** Long enough that a token is not the secret by chance. */
const secret = fc.oneof(textOf(ALPHANUMERIC, 16, 64), textOf(LOWER_HEX, 16, 64));

/** Secrets that a large fleet declares while it runs. */
const MANY = 5_000;

/** The classes a character can have; a token keeps each character's. */
const classOf = (char: string): string => ['0-9', 'a-f', 'A-F', 'g-z', 'G-Z'].find((range) => new RegExp(`[${range}]`).test(char)) ?? char;

describe('redaction', () => {
  it('keeps length, place and alphabet, and no secret', () => {
    fc.assert(
      fc.property(secret, fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (hidden, before, after) => {
        const redactor = new Redactor('run');
        redactor.secret(hidden);
        const token = redactor.text(hidden);
        expect(token).not.toBe(hidden);
        expect([...token].map(classOf)).toEqual([...hidden].map(classOf));
        fc.pre(!`${before}${after}`.includes(hidden));
        expect(redactor.text(`${before}${hidden}${after}`)).toBe(`${before}${token}${after}`);
      }),
    );
  });

  it('gives equal secrets equal tokens and others others; another run others again', () => {
    fc.assert(
      fc.property(secret, secret, (one, two) => {
        fc.pre(one !== two && !one.includes(two) && !two.includes(one));
        const [run, again, other] = [new Redactor('run'), new Redactor('run'), new Redactor('other run')];
        for (const redactor of [run, again, other]) for (const hidden of [one, two]) redactor.secret(hidden);
        expect(run.text(one)).toBe(again.text(one));
        expect(run.text(one)).not.toBe(run.text(two));
        expect(run.text(one)).not.toBe(other.text(one));
      }),
    );
  });

  it('takes the longest of secrets that hold one another', () => {
    const redactor = new Redactor('run');
    redactor.secret('abcdefgh');
    const short = redactor.text('abcdefgh');
    redactor.secret('abcdefghijkl');
    expect(redactor.text('abcdefghijkl')).not.toContain(short);
    expect(redactor.text('abcdefgh')).toBe(short);
  });

  it('replaces what a pattern of all secrets, longest first, would', () => {
    // Few letters, so that secrets hold, begin and overlap one another.
    const texts = fc.oneof(textOf('a', 6, 12), textOf('ab', 6, 10));
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 12 }), fc.array(texts, { maxLength: 6 }), (hidden, parts) => {
        const text = parts.join('');
        const redactor = new Redactor('run');
        for (const one of hidden) redactor.secret(one);
        const pattern = new RegExp([...hidden].sort((a, b) => b.length - a.length).join('|'), 'g');
        const alone = (one: string): string => {
          const other = new Redactor('run');
          other.secret(one);
          return other.text(one);
        };
        expect(redactor.text(text)).toBe(text.replace(pattern, alone));
      }),
    );
  });

  it('knows thousands of secrets as fast as one: each is used as soon as it is declared', () => {
    const redactor = new Redactor('run');
    for (let i = 0; i < MANY; i++) {
      const hidden = `secret${String(i).padStart(6, '0')}abcdef0123456789`;
      redactor.secret(hidden);
      if (redactor.text(`before ${hidden} after`).includes(hidden)) throw new Error(`${hidden} is seen`);
    }
    // A pattern built anew for each took 35 s here, this takes a third of one.
  }, 10_000);

  it('treats a secret as text, not as a pattern', () => {
    const redactor = new Redactor('run');
    redactor.secret('a.c*d+(e');
    expect(redactor.text('abcccd+(e')).toBe('abcccd+(e');
    expect(redactor.text('x a.c*d+(e y')).not.toContain('a.c*d+(e');
  });

  it('leaves short texts alone, for they are names', () => {
    const redactor = new Redactor('run');
    redactor.secret('');
    redactor.secret('meter');
    expect(redactor.text('meter-0001 of meter')).toBe('meter-0001 of meter');
  });

  it('leaves a CONNECT that parses, with the same fields but for the password', () => {
    fc.assert(
      fc.property(secret, textOf(ALPHANUMERIC, 4, 20), (password, name) => {
        fc.pre(!name.includes(password));
        const connect = {
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId: `${name}|securemode=2|`,
          keepalive: 60,
          username: `${name}&pk`,
          password: Buffer.from(password),
        } as const;
        const wire = mqtt.generate(connect);
        const redactor = new Redactor('run');
        redactor.secret(password);
        const stored = redactor.bytes(wire);
        expect(stored).toHaveLength(wire.length);
        expect(Buffer.from(stored).includes(password)).toBe(false);
        const seen: mqtt.Packet[] = [];
        mqtt
          .parser()
          .on('packet', (packet) => seen.push(packet))
          .parse(Buffer.from(stored));
        expect(seen).toHaveLength(1);
        expect(seen[0]).toMatchObject({
          cmd: 'connect',
          clientId: connect.clientId,
          username: connect.username,
          password: Buffer.from(redactor.text(password)),
        });
        expect(new PacketFramer().push(stored)).toHaveLength(1);
      }),
    );
  });

  it('reads any bytes, and gives back the same array where there is nothing to hide', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const redactor = new Redactor('run');
        redactor.secret('0123456789abcdef');
        expect(redactor.bytes(bytes)).toBe(bytes);
      }),
    );
    expect(new Redactor('run').text('nothing known')).toBe('nothing known');
  });

  it('finds a secret that is no ASCII in bytes as well as in text', () => {
    const redactor = new Redactor('run');
    redactor.secret('schlüsselwort');
    const stored = Buffer.from(redactor.bytes(Buffer.from('<schlüsselwort>', 'utf8'))).toString('utf8');
    expect(stored).toBe(`<${redactor.text('schlüsselwort')}>`);
    expect(stored).not.toContain('schl');
  });
});
