// A platform behind a bad network, for cells: slow to answer, losing some connections, or dead from some moment on.
import { faulty, type Faults } from '../../kernel/bytes/faults.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';

export type Decorate = (stream: ByteStream, clock: Clock) => ByteStream;

const CONNACK_MS = 3_000;
const RESETS_PERCENT = 5;
/** A registration is about 1,000 bytes both ways, a connect 300. */
const RESET_WITHIN = 1_000;
/** A small case opens some ten connections. */
const DIES_WITHIN = 10;

/** The platform hears everything 3 s late, so that its CONNACK takes 3 s. */
export function slow(): Decorate {
  return (stream, clock) => faulty(stream, { in: { delayMs: CONNACK_MS } }, clock, seededRandom('slow'));
}

/** 5 % of the connections are reset somewhere within. */
export function losing(seed: string, caseId: string): Decorate {
  const random = seededRandom('losing', seed, caseId);
  return (stream, clock) => {
    const faults: Faults = random.below(100) < RESETS_PERCENT ? { resetAfter: random.below(RESET_WITHIN) } : {};
    return faulty(stream, faults, clock, random);
  };
}

/** Dead from the start: it resets whoever comes, or never answers. */
export function dead(how: 'resets' | 'silent'): Decorate {
  const faults = how === 'resets' ? { resetAfter: 0 } : { halfOpenAfter: 0 };
  return (stream, clock) => faulty(stream, faults, clock, seededRandom('dead'));
}

/** Dies when the connection of a drawn number is opened: those that live end with it, and none comes up any more. */
export function dying(how: 'resets' | 'silent', seed: string, caseId: string): Decorate {
  const last = 1 + seededRandom('dying', seed, caseId).below(DIES_WITHIN);
  const live: ByteStream[] = [];
  let opened = 0;
  return (stream, clock) => {
    opened += 1;
    if (opened < last) {
      live.push(stream);
      return stream;
    }
    for (const one of live.splice(0)) one.abort();
    return dead(how)(stream, clock);
  };
}
