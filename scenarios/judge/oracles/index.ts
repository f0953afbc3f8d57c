// Every oracle by name, so that a check is data: the same judgement is possible wherever the evidence is read.
import { sixthStaysOut } from './cap.ts';
import { firstAnswers, tlsFloor } from './carriage.ts';
import { credentialsOrRefusal, lateRefused, sparedBySwitch } from './crowd-storm.ts';
import { everyoneAccepted, everyoneIssued, everyoneRefused, exactlyOnline, newestWins } from './crowd.ts';
import { factIs, factUnchanged, reading } from './facts.ts';
import { keepsCredentials, registersOnce } from './firmware.ts';
import { acceptedLikeControl, answers, oneReply, sameAnswer } from './like-control.ts';
import { httpIssued, httpRefused, httpShape } from './https.ts';
import { accepted, compactReply, distinctClientIds, issued, replyTopic, unsolicited } from './let-through.ts';
import { acknowledged, messageOn, postAnswer } from './messages.ts';
import { clientIdTime, operatorLatency, sessionFate } from './operators.ts';
import { refused } from './refused.ts';
import { betterRefused, closeCountsFrom, replyInOrder, replyShape } from './reply.ts';
import { deliveries, endedByPlatform, livedThrough, nothingReceived } from './watched.ts';

export const ORACLES = {
  accepted,
  acceptedLikeControl,
  acknowledged,
  answers,
  betterRefused,
  clientIdTime,
  closeCountsFrom,
  compactReply,
  credentialsOrRefusal,
  deliveries,
  distinctClientIds,
  endedByPlatform,
  everyoneAccepted,
  everyoneIssued,
  everyoneRefused,
  exactlyOnline,
  factIs,
  factUnchanged,
  firstAnswers,
  httpIssued,
  httpRefused,
  httpShape,
  issued,
  keepsCredentials,
  lateRefused,
  livedThrough,
  messageOn,
  newestWins,
  nothingReceived,
  oneReply,
  operatorLatency,
  postAnswer,
  reading,
  refused,
  registersOnce,
  replyInOrder,
  replyShape,
  replyTopic,
  sameAnswer,
  sessionFate,
  sixthStaysOut,
  sparedBySwitch,
  tlsFloor,
  unsolicited,
};

export type OracleName = keyof typeof ORACLES;

/** What each oracle is told besides the spans. */
export type OracleArgs = { readonly [Name in OracleName]: Parameters<(typeof ORACLES)[Name]>[1] };
