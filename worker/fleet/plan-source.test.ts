// A plan file that is wrong is refused with its place and the word that was meant.
import { test } from 'vitest';
import { readPlan } from './plan-source.ts';
test('x', () => {
for (const t of ['cohorts:\n  - cuont: 5\n','cohorts: [{count: 5, mode: regnw}]','cohorts: 5','holt: 3\ncohorts: [{}]','arrival: {shape: ramp, rate: 5}\ncohorts: [{count: 1}]','arrival: {shape: rmp}\ncohorts: [{count: 1}]','arrival: {shape: constant, rate: 0}\ncohorts: [{count: 1}]','a: [','hold: 5x\ncohorts: [{count: 1}]','cohorts: [{count: 1, reconnect: {policy: fixd}}]','cohorts: [{count: 1, publish: {qos: 2}}]','','cohorts: [{count: 1, think: 5s..2s}]','cohorts: [{count: 1, reconnect: sometimes}]','cohorts: [{count: 1, reconnect: {policy: fixed, delai: 3}}]','hold: 5m\ncohorts: [{count: 1, think: 5s..9s}]'])
  try { console.log(JSON.stringify(readPlan(t,'p.yaml').document)); } catch (e: any) { console.log(e.message, '|', e.remedy ?? e.stack); }
});
