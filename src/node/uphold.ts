/**
 * Loop: uphold — what operators asked of the services holds also where a change is no verb's: it
 * may mean other members by a label, or put back an object that had lost.
 */
import * as z from 'zod/mini';
import type { Edit } from '../crdt/entry.ts';
import { foresee } from '../crdt/foresight.ts';
import { openMeter } from '../crdt/meter.ts';
import type { Caller } from '../services/verb.ts';
import { inPieces } from './pieces.ts';
import { callerBody, sceneOf, type VerbContext } from './verbs.ts';

/** Who asks for a change, and whether also where it cuts ways. */
export interface Asked {
  readonly caller: Caller | null;
  readonly isForced: boolean;
}

/** The fields by which a request says so. */
export const askedBody = {
  caller: callerBody,
  force: z.optional(z.boolean('neither true nor false')),
};

/** What they say. */
export const readAsked = (said: {
  readonly caller?: Caller | null | undefined;
  readonly force?: boolean | undefined;
}): Asked => ({ caller: said.caller ?? null, isForced: said.force === true });

/** Fault 'refused' of the first service that cannot uphold what was asked of it. */
export async function mustUphold(
  context: VerbContext,
  edits: readonly Edit[],
  { caller, isForced }: Asked,
): Promise<void> {
  for (const { name, verbs } of context.services) {
    if (verbs?.mustUphold === undefined) continue;
    const scene = await sceneOf(context, name, 0, caller);
    const after = foresee(scene.view, edits, context.self);
    await inPieces(context.ports.clock, verbs.mustUphold(scene, after, isForced, openMeter()));
  }
}
