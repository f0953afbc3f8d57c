// What a run created, used or switched at a platform that remembers, written down before it is done, so that it can be undone after any
// ending. No secret is in it. Files are in cli/ledger.ts.
import * as v from 'valibot';
import { ProtocolError } from '../../protocol/errors.ts';
import { readLogin } from '../../protocol/identifier.ts';
import { parseReply } from '../../protocol/payload.ts';
import { isReplyTopic } from '../../protocol/topics.ts';
import { parseUsername } from '../../protocol/username.ts';
import { named, type OpenSession } from '../../worker/session/session.ts';
import type { HttpsRegistrar } from '../../worker/transport/http-register.ts';
import type { CaseProduct, Operator } from './operator.ts';

const text = v.string();
const device = { case: text, productKey: text, deviceName: text };

/** Whoever can undo it, without the secrets that they need. */
export const ADMINISTRATOR = v.variant('kind', [
  v.object({ kind: v.literal('stub'), url: text, tokenFile: v.exactOptional(text), port: v.exactOptional(v.number()) }),
  v.object({
    kind: v.literal('alicloud'),
    region: v.exactOptional(text),
    endpoint: v.exactOptional(text),
    instanceId: v.exactOptional(text),
  }),
  v.object({ kind: v.picklist(['human', 'none']) }),
]);
export type LedgerAdministrator = v.InferOutput<typeof ADMINISTRATOR>;

const ENTRY = v.variant('what', [
  /** The first line of a run. `productKey` is the target's own product, which the run did not make. */
  v.object({ what: v.literal('run'), run: text, target: text, productKey: text, administrator: ADMINISTRATOR }),
  v.object({ what: v.literal('product'), case: text }),
  v.object({ what: v.literal('product-is'), case: text, productKey: text }),
  v.object({ what: v.literal('device'), ...device }),
  v.object({ what: v.literal('taken'), ...device }),
  v.object({ what: v.literal('registers'), mode: v.picklist(['register', 'regnwl']), ...device }),
  v.object({ what: v.literal('client-id'), clientId: text, ...device }),
  v.object({ what: v.literal('switch'), case: text, productKey: text, on: v.boolean() }),
  v.object({ what: v.literal('acts'), action: text, ...device }),
  /** `cleanup` has removed it, or seen that it is gone. */
  v.object({ what: v.literal('removed'), productKey: text, deviceName: v.exactOptional(text) }),
  v.object({ what: v.literal('switched-back'), productKey: text }),
]);

export type LedgerEntry = v.InferOutput<typeof ENTRY>;
export type Append = (entry: LedgerEntry) => void;

/** The entries of a ledger. A torn last line is what a killed run leaves, and counts as not written. */
export function parseLedger(content: string): { readonly entries: readonly LedgerEntry[]; readonly fault?: string } {
  const lines = content.split('\n');
  const entries: LedgerEntry[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const parsed = v.safeParse(ENTRY, jsonOf(line));
    if (parsed.success) entries.push(parsed.output);
    else if (i < lines.length - 1) return { entries, fault: `line ${i + 1} is no entry of a ledger` };
  }
  return { entries };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * The same operator, who writes each action down before it is carried out.
 * @param makes does `provideProduct` make a product? Else it lends the target's
 */
export function ledgered(operator: Operator, caseId: string, append: Append, makes: boolean): Operator {
  const on =
    (action: 'deleteDevice' | 'resetThing' | 'disable' | 'enable' | 'clearClientIds') =>
    (productKey: string, deviceName: string): Promise<void> => {
      append({ what: 'acts', action, case: caseId, productKey, deviceName });
      return operator[action](productKey, deviceName);
    };
  const { takeName } = operator;
  return {
    ...operator,
    ...(takeName
      ? {
          async takeName(productKey: string) {
            const deviceName = await takeName(productKey);
            append({ what: 'taken', case: caseId, productKey, deviceName });
            return deviceName;
          },
        }
      : {}),
    async provideProduct(label): Promise<CaseProduct> {
      if (makes) append({ what: 'product', case: label });
      const product = await operator.provideProduct(label);
      if (makes) append({ what: 'product-is', case: label, productKey: product.productKey });
      return product;
    },
    setDynamicRegistration(productKey, state) {
      append({ what: 'switch', case: caseId, productKey, on: state });
      return operator.setDynamicRegistration(productKey, state);
    },
    addDevice(productKey, deviceName, deviceSecret) {
      append({ what: 'device', case: caseId, productKey, deviceName });
      return operator.addDevice(productKey, deviceName, deviceSecret);
    },
    deleteDevice: on('deleteDevice'),
    resetThing: on('resetThing'),
    disable: on('disable'),
    enable: on('enable'),
    clearClientIds: on('clearClientIds'),
    switchClientId(productKey, deviceName, clientId) {
      append({ what: 'acts', action: `switchClientId ${clientId}`, case: caseId, productKey, deviceName });
      return operator.switchClientId(productKey, deviceName, clientId);
    },
  };
}

/** The same sessions; registrations are written down before they are sent, ClientIDs when they come. */
export function ledgeredSessions(open: OpenSession, caseId: string, append: Append): OpenSession {
  return named(open.session, (stream, fields, events, env) => {
    const mode = tolerant(() => modeOf(fields.clientId));
    const of = tolerant(() => parseUsername(fields.username));
    if (mode && of) append({ what: 'registers', mode, case: caseId, ...of });
    return open(
      stream,
      fields,
      {
        // No spread: what a unit hears with may be of a class, whose methods a spread leaves out.
        close: (ending) => events.close(ending),
        message(message) {
          const reply = isReplyTopic(message.topic) ? tolerant(() => parseReply(message.payload)) : undefined;
          if (reply?.kind === 'regnwl') {
            const { clientId, productKey, deviceName } = reply;
            append({ what: 'client-id', clientId, case: caseId, productKey, deviceName });
          }
          events.message(message);
        },
      },
      env,
    );
  });
}

/** The same registrar; registrations over HTTPS, which are of pre-registered devices only, are written down before they are sent. */
export function ledgeredRegistrar(registrar: HttpsRegistrar, caseId: string, append: Append): HttpsRegistrar {
  return {
    post(request, observe) {
      const form = new URLSearchParams(request.body);
      const [productKey, deviceName] = [form.get('productKey') ?? '', form.get('deviceName') ?? ''];
      // A form that names nobody registers nobody.
      if (productKey !== '' && deviceName !== '') append({ what: 'registers', mode: 'register', case: caseId, productKey, deviceName });
      return registrar.post(request, observe);
    },
  };
}

function modeOf(clientId: string): 'register' | 'regnwl' | undefined {
  const login = readLogin(clientId);
  return login.kind === 'register' || login.kind === 'regnwl' ? login.kind : undefined;
}

function tolerant<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
