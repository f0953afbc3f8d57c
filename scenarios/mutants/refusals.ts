// Wrong platforms whose refusals leave traces: for each reason to refuse a registration, each thing that a refusal must not change.
import { POLICY, type Asked, type Policy, type PolicyRule } from '../../platform-stub/core/policy.ts';
import type { Device } from '../../platform-stub/core/state.ts';
import type { PlatformMutant } from './mutant.ts';

/** Why a request is refused: the rule that says so, the one that keeps live sessions out of it, and a platform that does `harm` then. */
interface Reason {
  readonly name: string;
  readonly rule: PolicyRule;
  readonly liveRule?: PolicyRule;
  /** The device that it names is active already. */
  readonly isActive?: true;
  readonly policy: (harm: (asked: Asked) => void) => Policy;
}

const REASONS: readonly Reason[] = [
  {
    name: 'bad-signature',
    rule: 'RULE-01',
    policy: (harm) => ({
      ...POLICY,
      'RULE-01'(isVerified, request) {
        if (!isVerified) harm(request);
        return isVerified;
      },
    }),
  },
  {
    name: 'malformed',
    rule: 'RULE-09',
    policy: (harm) => ({
      ...POLICY,
      'RULE-09'(asked) {
        if (asked) harm(asked);
        return POLICY['RULE-09'](asked);
      },
    }),
  },
  {
    name: 'switched-off',
    rule: 'RULE-11',
    liveRule: 'RULE-12',
    policy: (harm) => ({
      ...POLICY,
      'RULE-11'(product, request) {
        if (!product.dynamicRegistration) harm(request);
        return product.dynamicRegistration;
      },
    }),
  },
  {
    name: 'active-already',
    rule: 'RULE-21',
    isActive: true,
    policy: (harm) => ({
      ...POLICY,
      'RULE-21'(device, asked) {
        const permitted = POLICY['RULE-21'](device, asked);
        if (!permitted) harm(asked);
        return permitted;
      },
    }),
  },
];

/** What a refusal does all the same, and the rule that this breaks; undefined where it is the refusal's own. */
interface Harm {
  readonly name: string;
  readonly rule?: PolicyRule;
  readonly breaks?: 'live';
  readonly of: 'waiting' | 'active' | 'any';
  readonly act: (asked: Asked) => void;
}

const HARMS: readonly Harm[] = [
  {
    name: 'kicks',
    breaks: 'live',
    of: 'any',
    act: ({ device, end }) => end(device?.sessions ?? []),
  },
  {
    name: 'replaces-the-secret',
    of: 'waiting',
    act: ({ device }) => {
      if (device) device.deviceSecret = [...device.deviceSecret].reverse().join('');
    },
  },
  {
    name: 'activates',
    rule: 'RULE-20',
    of: 'waiting',
    act: ({ device }) => {
      if (device) device.activatedAt ??= device.createdAt;
    },
  },
  {
    name: 'deactivates',
    rule: 'RULE-20',
    of: 'active',
    act: ({ device }) => {
      if (device) device.activatedAt = undefined;
    },
  },
  {
    name: 'spends-a-slot',
    rule: 'RULE-38',
    of: 'waiting',
    act: ({ device }) => {
      if (device?.credential !== 'token') return;
      const n = device.clientIds.length + 1;
      device.clientIds.push({
        clientId: `unasked${n}`,
        deviceToken: `unasked${n}`,
        createdAt: device.createdAt,
        firstConnectedAt: undefined,
        forbidden: false,
      });
    },
  },
  {
    name: 'creates-the-device',
    rule: 'RULE-37',
    of: 'waiting',
    act: ({ product, deviceName, device }) => {
      const like = [...product.devices.values()][0];
      if (!device && like) product.devices.set(deviceName, blank(like, deviceName));
    },
  },
];

/** A device that nobody registered. */
function blank(like: Device, deviceName: string): Device {
  return {
    ...like,
    deviceName,
    iotId: `${like.iotId}${deviceName}`,
    registration: 'unregistered',
    activatedAt: undefined,
    disabled: false,
    clientIds: [],
    secretsIssued: 0,
    clientIdsIssued: 0,
    attempts: 0,
    connects: 0,
    onlineAt: undefined,
    recentConnects: [],
    sessions: new Set(),
  };
}

/** `refusal:<reason>:<harm>` for each pair that makes sense. */
export function refusalMutants(): PlatformMutant[] {
  return REASONS.flatMap((reason) =>
    HARMS.filter(({ of }) => of === 'any' || (of === 'active') === (reason.isActive ?? false)).map((harm) => ({
      id: `refusal:${reason.name}:${harm.name}`,
      rule: harm.rule ?? (harm.breaks === 'live' ? (reason.liveRule ?? reason.rule) : reason.rule),
      policy: reason.policy(harm.act),
    })),
  );
}
