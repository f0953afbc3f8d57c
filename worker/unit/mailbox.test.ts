import { expect, it } from 'vitest';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import type { Message } from '../session/session.ts';
import { Mailbox } from './mailbox.ts';

const message = (topic: string): Message => ({ topic, payload: new Uint8Array(0), retain: false });
const on =
  (topic: string) =>
  (one: Message): boolean =>
    one.topic === topic;

it('gives what came before anybody asked, and what comes after; what is not wanted is dropped', async () => {
  const clock = new ManualClock();
  const mailbox = new Mailbox(clock);
  mailbox.deliver(message('other'));
  mailbox.deliver(message('early'));
  expect(await mailbox.next(on('early'), 100)).toMatchObject({ topic: 'early' });
  const waiting = mailbox.next(on('late'), 100);
  mailbox.deliver(message('other'));
  mailbox.deliver(message('late'));
  expect(await waiting).toMatchObject({ topic: 'late' });
  expect(clock.alarms).toBe(0);
});

it('is silent when its time is over, and the time of one wait does not end the next', async () => {
  const clock = new ManualClock();
  const mailbox = new Mailbox(clock);
  const first = mailbox.next(on('a'), 100);
  clock.advance(60);
  mailbox.deliver(message('a'));
  await first;
  const second = mailbox.next(on('b'), 100);
  clock.advance(99);
  mailbox.deliver(message('b'));
  expect(await second).toMatchObject({ topic: 'b' });
  const third = mailbox.next(on('c'), 100);
  clock.advance(100);
  expect([await third, clock.alarms]).toEqual(['silent', 0]);
});

it('is closed for who waits and for who asks later, but not for what came before', async () => {
  const clock = new ManualClock();
  const mailbox = new Mailbox(clock);
  const waiting = mailbox.next(on('a'), 100);
  mailbox.close();
  expect([await waiting, await mailbox.next(on('a'), 100), clock.alarms]).toEqual(['closed', 'closed', 0]);
  const late = new Mailbox(clock);
  late.deliver(message('a'));
  late.close();
  expect(await late.next(on('a'), 100)).toMatchObject({ topic: 'a' });
});
