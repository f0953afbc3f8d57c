// Cases in cells: one after the other in a worker of their own, each with a platform of its own on the virtual clock.
import { releaseProxy, wrap } from 'comlink';
import { PACE_MS } from '../../scenarios/engine/pace.ts';
import type { Subject } from '../../scenarios/judge/results.ts';
import { t } from '../i18n/t.svelte.ts';
import type { CellWorker } from '../workers/cell.worker.ts';
import { stoppedRun, WorkerEnd, type PageRunner } from './case-runner.ts';
import { IN_CELLS, notCarried } from './page-reach.ts';
import type { EditionName } from '../../protocol/editions.ts';

const STUB: Omit<Subject, 'name' | 'kind'> = { endpoints: [], administrator: 'stub', paceMs: PACE_MS, destructiveAllowed: true };

/**
 * Hires the worker.
 * @param started told of every case that begins
 */
export function openCells(seed: string, edition: EditionName, started: (caseId: string) => void): PageRunner {
  const worker = new Worker(new URL('../workers/cell.worker.ts', import.meta.url), { type: 'module' });
  const cell = wrap<CellWorker>(worker);
  const end = new WorkerEnd();
  worker.onerror = (event) => end.broke(event.message || 'the cell worker could not be loaded');
  const namespace = '0';
  return {
    subject: (direction) =>
      direction === 'platform'
        ? { ...STUB, name: t('target.stub'), kind: 'embedded-stub' }
        : { ...STUB, name: t('target.reference'), kind: 'reference-device' },
    namespace,
    repeatable: true,
    jobs: 1,
    async run(definition) {
      const why = notCarried(definition, IN_CELLS);
      if (why) return { kind: 'not-run', why };
      if (end.stopped) return stoppedRun();
      started(definition.id);
      try {
        const { record, judged } = await end.race(cell.run({ caseId: definition.id, seed, namespace, edition }));
        return { kind: 'ran', record, judged, clock: 'virtual' };
      } catch (error) {
        if (end.stopped) return stoppedRun();
        throw error;
      }
    },
    attestations: () => [],
    end() {
      if (end.stopped) return;
      end.stop();
      worker.terminate();
      cell[releaseProxy]();
    },
  };
}
