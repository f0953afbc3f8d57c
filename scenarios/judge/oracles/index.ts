// Every oracle by name, so that a check is data: the same judgement is possible wherever the evidence is read.
import { sixthStaysOut } from './cap.ts';
import { factIs, factUnchanged, reading } from './facts.ts';
import { keepsCredentials, registersOnce } from './firmware.ts';
import { acceptedLikeControl, answers, oneReply, sameAnswer } from './like-control.ts';
import { accepted, compactReply, distinctClientIds, issued, replyTopic, unsolicited } from './let-through.ts';
import { refused } from './refused.ts';
import { deliveries, endedByPlatform, livedThrough, nothingReceived } from './watched.ts';

export const ORACLES = {
  accepted,
  acceptedLikeControl,
  answers,
  compactReply,
  deliveries,
  distinctClientIds,
  endedByPlatform,
  factIs,
  factUnchanged,
  issued,
  keepsCredentials,
  livedThrough,
  nothingReceived,
  oneReply,
  reading,
  refused,
  registersOnce,
  replyTopic,
  sameAnswer,
  sixthStaysOut,
  unsolicited,
};

export type OracleName = keyof typeof ORACLES;

/** What each oracle is told besides the spans. */
export type OracleArgs = { readonly [Name in OracleName]: Parameters<(typeof ORACLES)[Name]>[1] };
