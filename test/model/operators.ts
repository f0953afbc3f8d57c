// What operators do to a platform, and what happens by itself: connections that end, time, and a restart.
import { text, type Closing, type HeldPair, type Model, type Name } from './model.ts';
import { same, type Real } from './real.ts';
import { CHANGED, REFUSED, choose, type Did } from './step.ts';

/** RULE-17: with a secret that the operator chose, or that the platform draws. */
export function adds({ name, chosen }: { name: Name; chosen: boolean }, model: Model, real: Real): Did {
  const deviceSecret = `chosen${model.secrets.length}`;
  const result = real.platform.operate({ action: 'AddDevice', ...name, ...(chosen ? { deviceSecret } : {}) });
  same(`adding ${text(name)}`, result.ok, !model.device(name));
  if (!result.ok) return REFUSED;
  model.create(name, real.consoleSecret(name));
  return CHANGED;
}

export const ACTIONS = ['ResetThing', 'DeleteDevice', 'DisableThing', 'EnableThing', 'DeleteClientIds'] as const;

export function operates({ name, action }: { name: Name; action: (typeof ACTIONS)[number] }, model: Model, real: Real): Did {
  const device = model.device(name);
  const result = real.platform.operate({ action, ...name });
  same(`${action} of ${text(name)}`, result.ok, device !== undefined);
  if (!device) return REFUSED;
  switch (action) {
    case 'ResetThing': {
      // RULE-30: without effect on what never activated.
      const changed = device.activatedAt !== undefined;
      model.reset(device);
      return { changed };
    }
    case 'EnableThing': {
      const changed = device.disabled;
      model.enable(device);
      return { changed };
    }
    case 'DisableThing': {
      const changed = !device.disabled;
      return { changed, closings: model.disable(name, device) };
    }
    case 'DeleteDevice':
      return { changed: true, closings: model.delete(name) };
    case 'DeleteClientIds': {
      const changed = device.clientIds.length > 0;
      return { changed, closings: model.clear(name, device) };
    }
  }
}

interface SwitchWish {
  readonly name: Name;
  readonly which: 'listed' | 'any' | 'invented';
  readonly pick: number;
}

export function switchTarget({ name, which, pick }: SwitchWish, model: Model): string | undefined {
  if (which === 'invented') return 'nobodyWasEverIssuedThisOne';
  return choose<Pick<HeldPair, 'clientId'>>(which === 'any' ? model.pairs : (model.device(name)?.clientIds ?? []), pick)?.clientId;
}

export function switches(wish: SwitchWish, model: Model, real: Real): Did {
  const { name } = wish;
  const clientId = switchTarget(wish, model) ?? '';
  const result = real.platform.operate({ action: 'TransformClientId', ...name, clientId });
  same(`Switch of ${text(name)}`, result.ok, model.maySwitchTo(name, clientId));
  const device = model.device(name);
  return result.ok && device ? { changed: true, closings: model.switchTo(name, device, clientId) } : REFUSED;
}

interface TurnWish {
  readonly productKey: string;
  readonly on: boolean;
  /** By the console, turning it on needs the code that was sent (RULE-14). */
  readonly by: 'script' | 'console' | 'console-without-code';
}

/** RULE-11 … 13: it governs registrations that come; nothing else changes. */
export function turns({ productKey, on, by }: TurnWish, model: Model, real: Real): Did {
  const action = 'X-TurnDynamicRegistration';
  let isOk: boolean;
  if (by === 'script') isOk = real.platform.operate({ action: 'X-SetDynamicRegistration', productKey, on }).ok;
  else if (by === 'console') {
    const verificationCode = real.ask('verification', { action: 'X-SendVerificationCode', productKey })?.code ?? '';
    isOk = real.platform.operate({ action, productKey, on, verificationCode }).ok;
  } else isOk = real.platform.operate({ action, productKey, on }).ok;
  same('RULE-14: turning the switch', isOk, by !== 'console-without-code' || !on);
  if (!isOk) return REFUSED;
  // A code that was sent is remembered.
  const changed = by !== 'script' || model.product(productKey).on !== on;
  model.product(productKey).on = on;
  return { changed };
}

/** A product that has devices cannot be deleted. */
export function deletesTooEarly(productKey: string, _model: Model, real: Real): Did {
  same('deleting a product with devices', real.platform.operate({ action: 'DeleteProduct', productKey }).ok, false);
  return REFUSED;
}

/** Everything of a product is deleted, and the product made again under its old key: nothing of the old one opens the new one (RULE-32). */
export function makesAgain(productKey: string, model: Model, real: Real): Did {
  const closings: Closing[] = [];
  for (const deviceName of [...model.product(productKey).devices.keys()]) {
    same('deleting a device', real.platform.operate({ action: 'DeleteDevice', productKey, deviceName }).ok, true);
    closings.push(...model.delete({ productKey, deviceName }));
  }
  same('deleting a product', real.platform.operate({ action: 'DeleteProduct', productKey }).ok, true);
  real.createProduct(productKey);
  model.product(productKey).on = false;
  return { changed: true, closings };
}

/** Fronts notice late that a connection is gone, and may bring a last packet of it: nothing of that counts. */
export function notices(_: null, _model: Model, real: Real): Did {
  for (const session of real.lingering) {
    real.platform.touch(session);
    real.platform.replied(session);
    real.hangUp(session);
  }
  return CHANGED;
}

/** What was saved is restored: every connection ends, and nothing else is lost. */
export function restarts(_: null, model: Model, real: Real): Did {
  real.platform.restore(real.saved());
  for (const session of real.lingering) real.hangUp(session);
  return { changed: true, closings: model.restarted() };
}
