// Every oracle by name, so that a check is data: the same judgement is possible wherever the evidence is read.
import { sixthStaysOut } from './cap.ts';
import { factIs, factUnchanged, reading } from './facts.ts';
import { keepsCredentials, registersOnce } from './firmware.ts';
import { accepted, compactReply, distinctClientIds, issued, replyTopic, unsolicited } from './let-through.ts';
import { refused } from './refused.ts';
import { endedByPlatform, livedThrough, nothingReceived } from './watched.ts';

export const ORACLES = {
  accepted,
  compactReply,
  distinctClientIds,
  endedByPlatform,
  factIs,
  factUnchanged,
  issued,
  keepsCredentials,
  livedThrough,
  nothingReceived,
  reading,
  refused,
  registersOnce,
  replyTopic,
  sixthStaysOut,
  unsolicited,
};

export type OracleName = keyof typeof ORACLES;

/** What each oracle is told besides the spans. */
export type OracleArgs = { readonly [Name in OracleName]: Parameters<(typeof ORACLES)[Name]>[1] };
