// What a person is asked may hold a secret; what the report keeps of it may not.
import { expect, test } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { humanOperator, type HumanAnswer, type HumanStep } from './human.ts';

const SECRET = '0f48121e8cb55c65efba7e03f7000000';
const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' };

function asked(answer: string): { operator: ReturnType<typeof humanOperator>; steps: HumanStep[]; kept: HumanAnswer[] } {
  const steps: HumanStep[] = [];
  const kept: HumanAnswer[] = [];
  const operator = humanOperator({
    case: 'platform/prereg/console-secret',
    clock: ambientClock(),
    product: PRODUCT,
    patienceMs: 10_000,
    ask(step) {
      steps.push(step);
      return Promise.resolve(answer);
    },
    answered: (one) => kept.push(one),
    quit: () => undefined,
  });
  return { operator, steps, kept };
}

test('a DeviceSecret to import is shown to the person, and kept nowhere', async () => {
  const { operator, steps, kept } = asked('');
  await operator.addDevice(PRODUCT.productKey, 'unit-0001', SECRET);
  expect(steps[0]?.says.en).toContain(SECRET);
  expect(kept).toMatchObject([{ answer: 'done', what: expect.stringContaining('unit-0001') as string }]);
  expect(JSON.stringify(kept)).not.toContain(SECRET);
});

test.each(['skip', 'n', 'quit', 'refused'])('nor does the reason of a case that ends with "%s" hold it', async (answer) => {
  const { operator, kept } = asked(answer);
  const fault: unknown = await operator.addDevice(PRODUCT.productKey, 'unit-0001', SECRET).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Error);
  expect(`${String(fault)} ${JSON.stringify(fault)} ${JSON.stringify(kept)}`).not.toContain(SECRET);
});
