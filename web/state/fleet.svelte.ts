// One fleet run as the page sees it: starts and ends its workers, and asks them a few times a second how far they are.
import type { DeviceStatistics } from '../../platform-stub/core/query.ts';
import type { FleetView } from '../../worker/fleet/controller.ts';
import { UNIT_STATES, type UnitDetail } from '../../worker/fleet/fleet.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import { number, t } from '../i18n/t.svelte.ts';
import { figuresOf, miscountOf, type Figures, type Miscount } from './figures.ts';
import { pageReport, type PageReport } from './fleet-report.ts';
import { VERSION } from './version.ts';
import { log } from './log.svelte.ts';
import { Latency, Throughput, type Columns } from './series.ts';
import { assemble, type Target, type Team } from './team.ts';

/** `holding`: every device is online or has ended, and connections are kept. */
export type FleetPhase = 'idle' | 'preparing' | 'running' | 'holding' | 'stopping' | 'stopped' | 'failed';

/** A look at the counters costs a message a worker, a look at the histograms some milliseconds of the page. */
const LOOK_MS = 250;
const LOOK_HOLDING_MS = 1000;
const MEASURE_MS = 500;
/** From so many devices on it is looked half as often: drawing them takes an eighth of two cores that the devices could use (measured). */
const MANY = 2_500;
const slowerFor = (devices: number): number => (devices >= MANY ? 2 : 1);
/** Evidence of devices that did not get online outlives the workers, up to this many. */
const KEPT_DETAILS = 200;

const TROUBLED: ReadonlySet<number> = new Set([
  UNIT_STATES.indexOf('refused'),
  UNIT_STATES.indexOf('failed'),
  UNIT_STATES.indexOf('offline'),
]);

class FleetRun {
  phase: FleetPhase = $state('idle');
  plan: FleetPlan | null = $state.raw(null);
  /** The target's URL; null for the in-page platform. */
  url: string | null = $state.raw(null);
  relayed = $state(false);
  session: SessionName = $state('reference');
  view: FleetView | null = $state.raw(null);
  platform: DeviceStatistics | null = $state.raw(null);
  /** Where the platform has counted other devices than ours once all had ended; null where it has not, or could not be asked. */
  miscount: Miscount | null = $state.raw(null);
  /** The most WebSockets that the page held once the browser had no more; null where it had. */
  heldAtCap: number | null = $state.raw(null);
  figures: Figures | null = $state.raw(null);
  throughput: Columns = $state.raw([]);
  latency: Columns = $state.raw([]);
  peak = $state.raw({ register: 0, connect: 0 });
  /** How long the run took, seconds, where that was too short for a line of the charts; null where it was not. */
  short: number | null = $state(null);
  /** Seconds from the start until every device was online or had ended. */
  seconds = $state(0);
  workers = $state(0);
  failure: string | null = $state(null);

  readonly busy = $derived(this.phase === 'preparing' || this.phase === 'running' || this.phase === 'stopping');
  readonly alive = $derived(this.phase === 'running' || this.phase === 'holding');

  #team: Team | null = null;
  #run = 0;
  #startedAt = 0;
  #looking = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #series = { throughput: new Throughput(), latency: new Latency() };
  #lastMeasure = 0;
  #seen = new Set<string>();
  #kept = new Map<number, UnitDetail>();
  #report: PageReport | null = null;

  /** Runs a plan; what ran before is ended first. */
  async start(plan: FleetPlan, target: Target): Promise<void> {
    const { url } = target;
    this.#dismiss();
    this.#reset(plan, url);
    this.relayed = target.relay !== null;
    this.session = target.session;
    const run = ++this.#run;
    const fail = (why: string): void => {
      if (run === this.#run) this.#fail(why);
    };
    log.say(t('log.start', { devices: number(plan.devices), target: url ?? t('target.stub') }));
    try {
      const team = await assemble(plan, target, fail);
      // Stopped, broken, or started anew while the workers were loading.
      if (this.phase !== 'preparing' || run !== this.#run) return team.dispose();
      this.#team = team;
      this.plan = team.plan;
      this.workers = team.fleetWorkers;
      log.say(t('log.workers', { fleets: team.fleetWorkers, namespace: plan.namespace }));
      if (team.added) log.say(t('log.added', { count: number(team.added) }));
      this.phase = 'running';
      this.#startedAt = performance.now();
      this.#timer = setInterval(() => void this.#look(), LOOK_MS * slowerFor(plan.devices));
      await team.controller.run();
      if (this.#team === team) await this.#allEnded(team);
    } catch (error) {
      fail(messageOf(error));
    }
  }

  /** Ends every connection, then every worker. */
  async stop(): Promise<void> {
    const team = this.#team;
    if (this.phase === 'preparing') return this.#end('stopped');
    if (!team || !this.alive) return;
    this.phase = 'stopping';
    clearInterval(this.#timer);
    try {
      await this.#keepEvidence(team);
      await team.controller.stop();
      await this.#lookOnce(team);
      this.#report = await this.#write(team);
      log.say(t('log.stopped', { aborted: number(this.view?.endings.aborted ?? 0) }));
      this.#end('stopped');
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  /** Everything known of one device; null where its workers have gone and nothing was kept. */
  async detail(index: number, withSecrets: boolean): Promise<UnitDetail | null> {
    if (this.#team && this.alive) return (await this.#team.controller.detail(index, withSecrets)) ?? null;
    return withSecrets ? null : (this.#kept.get(index) ?? null);
  }

  /** The report of the run as the command would write it, and what the relay measured. */
  async report(): Promise<PageReport | null> {
    return this.#team ? this.#write(this.#team) : this.#report;
  }

  /** The page goes away. */
  leave(): void {
    if (this.#team || this.phase === 'preparing') this.#end('stopped');
  }

  #reset(plan: FleetPlan, url: string | null): void {
    this.phase = 'preparing';
    this.plan = plan;
    this.url = url;
    this.view = null;
    this.platform = null;
    this.miscount = null;
    this.heldAtCap = null;
    this.figures = null;
    this.throughput = [];
    this.latency = [];
    this.peak = { register: 0, connect: 0 };
    this.short = null;
    this.seconds = 0;
    this.failure = null;
    this.#series = { throughput: new Throughput(), latency: new Latency() };
    this.#lastMeasure = 0;
    this.#seen.clear();
    this.#kept.clear();
    this.#report = null;
  }

  async #allEnded(team: Team): Promise<void> {
    if (this.phase !== 'running') return;
    this.phase = 'holding';
    this.seconds = (performance.now() - this.#startedAt) / 1000;
    clearInterval(this.#timer);
    await this.#lookOnce(team);
    if (this.#team !== team) return;
    this.#timer = setInterval(() => void this.#look(), LOOK_HOLDING_MS);
    const online = this.view?.online ?? 0;
    const all = online === this.plan?.devices;
    log.say(t('log.settled', { online: number(online), seconds: this.seconds.toFixed(1) }), all ? 'good' : 'bad');
    await this.#compare(team);
  }

  /** Once all have ended: later, the console may have changed what the platform counts. */
  async #compare(team: Team): Promise<void> {
    const counted = await team.activated();
    if (this.#team !== team || !this.view) return;
    this.miscount = miscountOf(this.view.endings, counted);
    if (this.miscount) log.say(t('count.miscount', { ...this.miscount }), 'bad');
  }

  async #look(): Promise<void> {
    const team = this.#team;
    if (!team || this.#looking) return;
    this.#looking = true;
    try {
      await this.#take(team, performance.now() - this.#lastMeasure >= (MEASURE_MS - LOOK_MS / 2) * slowerFor(this.plan?.devices ?? 0));
    } catch (error) {
      if (this.#team === team) this.#fail(messageOf(error));
    } finally {
      this.#looking = false;
    }
  }

  /** A last look that no other look may stand in the way of. */
  async #lookOnce(team: Team): Promise<void> {
    await this.#take(team, true);
  }

  async #take(team: Team, measure: boolean): Promise<void> {
    const view = await team.controller.view();
    if (this.#team !== team) return;
    const at = (performance.now() - this.#startedAt) / 1000;
    this.view = view;
    for (const [key, count] of Object.entries(view.outcomes)) this.#notice(key, count);
    if (this.phase === 'running') this.seconds = at;
    if (!measure) return;
    this.#lastMeasure = performance.now();
    const [histograms, platform, relay, held] = await Promise.all([
      team.controller.histograms(),
      team.statistics(),
      team.relayed(),
      team.heldAtCap(),
    ]);
    if (this.#team !== team) return;
    this.platform = platform;
    // The most that it ever was: later some may have hung up.
    if (held !== null) this.heldAtCap = Math.max(this.heldAtCap ?? 0, held);
    this.figures = figuresOf(histograms, view, relay);
    // Once all is quiet the charts stand still.
    if (this.short !== null || at - this.seconds > 1) return;
    this.#series.throughput.add(at, view);
    this.#series.latency.add(at, histograms);
    this.latency = this.#series.latency.columns;
    if (this.phase !== 'running' && (this.#series.throughput.columns[0]?.length ?? 0) < 2) {
      this.short = this.seconds;
      this.#series.throughput.whole(this.seconds, view);
    }
    this.throughput = this.#series.throughput.columns;
    this.peak = this.#series.throughput.peak;
  }

  /** The first of each kind of trouble is worth a line. */
  #notice(key: string, count: number): void {
    if (this.#seen.has(key) || /^(issued|accepted|replied|aborted)/.test(key)) return;
    this.#seen.add(key);
    log.say(t('log.first', { outcome: key, count: number(count) }), 'bad');
  }

  async #keepEvidence(team: Team): Promise<void> {
    const troubled: number[] = [];
    this.view?.states.forEach((state, index) => {
      if (TROUBLED.has(state) && troubled.length < KEPT_DETAILS) troubled.push(index);
    });
    const details = await Promise.all(troubled.map((index) => team.controller.detail(index, false)));
    for (const detail of details) if (detail) this.#kept.set(detail.index, detail);
  }

  async #write(team: Team): Promise<PageReport> {
    const report = await team.controller.report({ version: VERSION, measures: this.url === null ? 'self' : 'target', platform: null });
    // After our own: of two counts of a run that goes on, the later one may be the larger.
    const activated = await team.activated();
    const platform = activated === null ? null : { activated };
    return pageReport({ ...report, platform }, { session: this.session, relay: await team.relayed(), heldAtCap: this.heldAtCap });
  }

  #fail(why: string): void {
    if (this.phase === 'stopped' || this.phase === 'failed') return;
    this.failure = why;
    log.say(t('log.broken', { why }), 'bad');
    this.#end('failed');
  }

  #end(phase: 'stopped' | 'failed'): void {
    this.#dismiss();
    this.phase = phase;
  }

  #dismiss(): void {
    clearInterval(this.#timer);
    this.#team?.dispose();
    this.#team = null;
  }
}

export const fleet = new FleetRun();
