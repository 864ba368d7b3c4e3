/**
 * Loop: verbs — runs what people ask of a service: one way for all verbs of all services.
 *
 * 1. The role is checked before anything else is tried, and again before anything is written.
 * 2. The edits of a verb are one frame: it holds whole, or nothing was said.
 * 3. Done when another member has it, where one is connected.
 */
import { hex } from '@scure/base';
import * as z from 'zod/mini';
import type { Edit } from '../crdt/entry.ts';
import { foreseeInPieces } from '../crdt/foresight.ts';
import type { MemberId } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
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
import { carryOut, type DecidingContext, decideStill } from './decisions.ts';
import { mustBeOperator, type OperatorPorts } from './operators.ts';
import { inPieces } from './pieces.ts';

/** What running a verb needs of the node. */
export interface VerbContext extends DecidingContext {
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
  const mustBeAllowed = (): void => {
    if (verb.needs !== 'operator' || isPlan) return;
    mustBeOperator(context.replica.view(), context.self, `use ${service} ${name}`);
  };
  mustBeAllowed();
  const given = readArguments(verb.inputs, asked?.arguments);
  const still = await gather(context, service, { verb, given, caller: asked?.caller ?? null });
  if (verb.attempt !== undefined) await digested(context, verbs, still.view);
  const attempt = verb.attempt?.(still, given) ?? null;
  const scene = attempt === null ? still : { ...still, reached: await context.reach(attempt) };
  const decide = async () => {
    const decision = await decideVerb(context, { verbs, verb }, scene, given);
    mustBeAllowed(); // Who is none any more is heard by nobody.
    return decision;
  };
  if (isPlan) {
    const { edits } = await decide();
    const effects = planned(context.ports.clock, verbs, scene, edits);
    return { effects: await inPieces(context.ports.clock, effects) } satisfies Plan;
  }
  return verb.needs === 'operator' ? carryOut(context, decide) : (await decide()).body;
}

function* planned(clock: Clock, verbs: Verbs, scene: Scene, edits: readonly Edit[]) {
  const meter = openMeter(clock.monotonicMs);
  const after = yield* foreseeInPieces(scene.view, edits, scene.self, meter);
  return yield* verbs.effects(scene.view, after, scene, meter);
}

/** What rules remember of a view is worked out in pieces before any asks for it. */
async function digested({ ports: { clock } }: VerbContext, verbs: Verbs, view: View) {
  const work = verbs.digest?.(view, openMeter(clock.monotonicMs));
  if (work !== undefined) await inPieces(clock, work);
}

function decideVerb(
  context: VerbContext,
  { verbs, verb: { decide, decideInPieces } }: FoundVerb,
  scene: Scene,
  given: Arguments,
): Promise<Decision<unknown>> {
  return decideStill(context, function* decided(view, meter) {
    const seen = { ...scene, view };
    if (verbs.digest !== undefined) yield* verbs.digest(view, meter);
    return decideInPieces === undefined
      ? decide(seen, given)
      : yield* decideInPieces(seen, given, meter);
  });
}

/** Time between two questions to members that had not told enough. Unit: ms. */
const AGAIN_MS = 250;

interface Asking {
  readonly verb: Verb;
  readonly given: Arguments;
  readonly caller: Caller | null;
}

/** What a verb decides by; members are asked what they have in force, where it wants to know. */
async function gather(
  context: VerbContext,
  service: string,
  { verb, given, caller }: Asking,
): Promise<Scene> {
  const { clock } = context.ports;
  const waitMs = verb.standingsMs?.(given) ?? 0;
  if (waitMs <= 0) return sceneOf(context, caller);
  const endMs = clock.monotonicMs() + waitMs;
  const standings = new Map<MemberId, Standing>();
  for (;;) {
    const leftMs = endMs - clock.monotonicMs();
    // Who does not answer must not hold up what the others are about to tell.
    const roundMs = verb.isTold === undefined ? leftMs : leftMs / 2;
    for (const [id, said] of await context.standings(service, Math.max(AGAIN_MS, roundMs))) {
      // Later rounds are short: what was told in a long one counts until more is.
      if (said.kind === 'told' || standings.get(id)?.kind !== 'told') standings.set(id, said);
    }
    const scene = { ...sceneOf(context, caller), standings };
    const isLast = clock.monotonicMs() + AGAIN_MS >= endMs;
    if (isLast || verb.isTold?.(scene, given) !== false) return scene;
    await clock.sleep(AGAIN_MS, new AbortController().signal);
  }
}

/** What is decided by now, with nobody asked. */
export function sceneOf(context: VerbContext, caller: Caller | null): Scene {
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
    standings: new Map(),
    reached: null,
  };
}

interface FoundVerb {
  readonly verbs: Verbs;
  readonly verb: Verb;
}

function findVerb(services: readonly Offer[], service: string, name: string): FoundVerb {
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
