/**
 * Loop: verbs — runs what people ask of a service: one way for all verbs of all services.
 *
 * 1. The role is checked before anything else is tried.
 * 2. The edits of a verb are one frame: it holds whole, or nothing was said.
 * 3. Done when another member has it, where one is connected.
 */
import { hex } from '@scure/base';
import * as z from 'zod/mini';
import { foresee } from '../crdt/foresight.ts';
import type { MemberId } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import { Fault } from '../fault.ts';
import { readArguments } from '../services/arguments.ts';
import type {
  Arguments,
  Attempt,
  Caller,
  Decision,
  Effect,
  Offer,
  Reached,
  Scene,
  Standing,
  Verb,
  Verbs,
} from '../services/verb.ts';
import { readAs } from './api-body.ts';
import { mustBeOperator, type OperatorContext, type OperatorPorts, spread } from './operators.ts';
import { inPieces } from './pieces.ts';

/** What running a verb needs of the node. */
export interface VerbContext extends OperatorContext {
  readonly ports: OperatorPorts;
  readonly services: readonly Offer[];
  readonly openingsAt: Scene['openingsAt'];
  /** By how much the clocks of connected members are ahead of this VM's, ms. */
  readonly skewsMs: () => Scene['skewsMs'];
  /** Has a member try a connection. */
  readonly reach: (attempt: Attempt) => Promise<Reached>;
  /** What each member has in force of a service, as it answers within so long, ms. */
  readonly standings: (service: string, waitMs: number) => Promise<ReadonlyMap<MemberId, Standing>>;
}

/** What a plan answers. */
export interface Plan {
  readonly effects: readonly Effect[];
}

/** How often a decision is made in pieces before it is made in one. */
const TURNS_MAX = 3;

const text = z.string('not a text');
const endpoint = z.object({ host: text, port: z.int('not a port') });
/** How a person reaches this VM, as a request says it. */
export const callerBody = z.optional(z.nullable(z.object({ remote: endpoint, local: endpoint })));
const verbBody = z.nullable(
  z.object({
    arguments: z.optional(z.unknown()),
    caller: callerBody,
    plan: z.optional(z.boolean('neither true nor false')),
  }),
);

/** Runs one verb. Fault 'usage' for one that no service has. */
export async function runVerb(
  context: VerbContext,
  service: string,
  name: string,
  body: unknown,
): Promise<unknown> {
  const { verbs, verb } = findVerb(context.services, service, name);
  const asked = readAs(verbBody, body);
  const isPlan = asked?.plan === true;
  if (isPlan && verb.canPlan !== true) throw noPlan(service, name);
  const view = context.replica.view();
  if (verb.needs === 'operator' && !isPlan)
    mustBeOperator(view, context.self, `use ${service} ${name}`);
  const given = readArguments(verb.inputs, asked?.arguments);
  const waitMs = verb.standingsMs?.(given) ?? 0;
  const still = await sceneOf(context, service, waitMs, asked?.caller ?? null);
  const attempt = verb.attempt?.(still, given) ?? null;
  const scene = attempt === null ? still : { ...still, reached: await context.reach(attempt) };
  const { edits, body: answer } = await decide(context, verb, scene, given);
  if (isPlan) {
    const after = foresee(scene.view, edits, context.self);
    return { effects: verbs.effects(scene.view, after, scene) } satisfies Plan;
  }
  if (edits.length > 0) {
    await context.replica.write(edits);
    await spread(context);
  }
  return answer;
}

/** What is decided in pieces is decided again where what it rests on changed meanwhile. */
async function decide(
  { ports, replica }: VerbContext,
  verb: Verb,
  scene: Scene,
  given: Arguments,
): Promise<Decision<unknown>> {
  for (let turn = 0; verb.decideInPieces !== undefined && turn < TURNS_MAX; turn += 1) {
    const view = replica.view();
    const work = verb.decideInPieces({ ...scene, view }, given, openMeter());
    const decision = await inPieces(ports.clock, work);
    if (replica.view().intent === view.intent) return decision;
  }
  return verb.decide({ ...scene, view: replica.view() }, given);
}

/** What verbs decide by. `waitMs`: how long members are asked what they have in force; 0: not. */
export async function sceneOf(
  context: VerbContext,
  service: string,
  waitMs: number,
  caller: Caller | null,
): Promise<Scene> {
  const standings =
    waitMs > 0 ? await context.standings(service, waitMs) : new Map<MemberId, Standing>();
  const { clock, random } = context.ports;
  return {
    view: context.replica.view(),
    self: context.self,
    port: context.local.config.port,
    interface: context.local.config.interface,
    caller,
    wallMs: clock.wallMs(),
    skewsMs: context.skewsMs(),
    openingsAt: context.openingsAt,
    nonce: hex.encode(random.bytes(16)),
    standings,
    reached: null,
  };
}

function findVerb(
  services: readonly Offer[],
  service: string,
  name: string,
): { readonly verbs: Verbs; readonly verb: Verb } {
  const verbs = services.find((one) => one.name === service)?.verbs;
  const verb = verbs?.verbs.find((one) => one.name === name);
  if (verbs !== undefined && verb !== undefined) return { verbs, verb };
  const known = verbs?.verbs.map((one) => one.name) ?? [];
  throw new Fault('usage', {
    field: 'verb',
    value: `${service} ${name}`,
    why: verbs === undefined ? 'no service of that name takes verbs' : 'not a verb of that service',
    remedy: known.length === 0 ? 'see cnsmo --help' : `choose of ${known.join(', ')}`,
  });
}

const noPlan = (service: string, name: string): Fault =>
  new Fault('refused', {
    field: 'plan',
    value: `${service} ${name}`,
    why: 'changes nothing that could be planned',
    remedy: 'ask it without plan',
  });
