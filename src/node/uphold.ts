/**
 * Loop: uphold — what operators asked of the services holds also where a change is no verb's: it
 * may mean other members by a label, or put back an object that had lost.
 */
import * as z from 'zod/mini';
import type { Edit } from '../crdt/entry.ts';
import { foreseeInPieces } from '../crdt/foresight.ts';
import type { Meter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import type { Caller, Decision, Scene } from '../services/verb.ts';
import { decideStill } from './decisions.ts';
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

/** What these fields say; absent, nobody and not forced. */
export const readAsked = (said: {
  readonly caller?: Caller | null | undefined;
  readonly force?: boolean | undefined;
}): Asked => ({ caller: said.caller ?? null, isForced: said.force === true });

/** What services have to say of a change that they uphold, a line each. */
export interface Upheld {
  readonly notes: readonly string[];
}

/**
 * What `change` makes of the view, once every service upholds what was asked of it. `change` is
 * asked again where the view became another meanwhile. Fault 'refused' of the first service that
 * cannot.
 */
export function decideUpheld<Body extends object>(
  context: VerbContext,
  asked: Asked,
  change: (view: View) => Decision<Body>,
): Promise<Decision<Body & Upheld>> {
  return decideStill(context, function* upheld(view, meter) {
    const { edits, body } = change(view);
    const scene = { ...sceneOf(context, asked.caller), view };
    const notes =
      edits.length === 0 ? [] : yield* mustUphold(context.services, scene, edits, { asked, meter });
    return { edits, body: { ...body, notes } };
  });
}

function* mustUphold(
  services: VerbContext['services'],
  scene: Scene,
  edits: readonly Edit[],
  { asked, meter }: { readonly asked: Asked; readonly meter: Meter },
): Generator<void, readonly string[]> {
  const after = yield* foreseeInPieces(scene.view, edits, scene.self, meter);
  const notes: string[] = [];
  for (const { verbs } of services) {
    if (verbs?.mustUphold !== undefined) {
      notes.push(...(yield* verbs.mustUphold(scene, after, asked.isForced, meter)));
    }
  }
  return notes;
}
