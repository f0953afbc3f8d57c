// A group of units that live alike. Plain data; times are milliseconds.
import type { Faults } from '../../kernel/bytes/faults.ts';
import type { Credentials } from '../unit/flash.ts';
import type { Arrival } from './arrivals.ts';
import type { Reconnect } from './backoff.ts';
import type { FleetMode } from './plan.ts';

/** A number, or the bounds between which it is drawn. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a unit publishes while it is online: its properties (the platform's thing model), or any text to any topic. */
export interface Publishing {
  /** From one to the next, on an absolute schedule that begins with the first; absent: once. */
  readonly everyMs?: number;
  readonly qos: 0 | 1;
  /** Values of JSON; texts in them are templates. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Where to, and what: templates. Instead of properties. */
  readonly topic?: string;
  readonly payload?: string;
  /** Waits for the platform's answer to a post of properties. */
  readonly reply: boolean;
}

/** A bad network around the connections of some units. */
export interface FaultPlan {
  /** How many of the units have it, from 0 to 1. */
  readonly share: number;
  readonly in?: Faults['in'];
  readonly out?: Faults['out'];
  /** Bytes of both directions until a connection breaks, drawn for each. */
  readonly resetAfter?: Range;
  readonly halfOpenAfter?: Range;
}

/** A unit whose name, and perhaps credentials, were given. */
export interface ListedUnit {
  readonly deviceName: string;
  readonly credentials?: Credentials;
}

export interface Cohort {
  readonly name: string;
  readonly mode: FleetMode;
  readonly devices: number;
  /** Template of a DeviceName; absent: names of the namespace, by index. */
  readonly names?: string;
  /** Who the units are, one for each. */
  readonly listed?: readonly ListedUnit[];
  /** `provisioned`: units hold a DeviceSecret from the beginning, drawn from the seed where the list has none. */
  readonly start: 'blank' | 'provisioned';
  /** Its own arrivals; absent: it takes part in those of the plan. */
  readonly arrival?: Arrival;
  /** Pause before each step of the journey. */
  readonly think?: Range;
  /** Absent: one post of properties, and nothing in mode connect. */
  readonly publish?: Publishing;
  /** How long a unit stays online before it leaves; absent: until the run ends. */
  readonly sessionMs?: Range;
  readonly reconnect?: Reconnect;
  readonly faults?: FaultPlan;
}

/** What a unit publishes whose plan says nothing of it: one post, whose reply shows that the platform took the device. */
export const FIRST_POST: Publishing = { qos: 0, reply: true };

/** What the units of a cohort publish. */
export function publishingOf({ publish, mode }: Cohort): Publishing | undefined {
  return publish ?? (mode === 'connect' ? undefined : FIRST_POST);
}
