/**
 * Loop: api events — the routes of the local API for what happened: one answer, or a stream of
 * them, the same records one after the other as things happen.
 */
import type { ApiContext, Route } from './api.ts';
import { readMs } from './api-body.ts';
import type { EventAnswer, EventWish } from './events.ts';
import { readLogWish } from './member-log.ts';
import type { Params } from './rules/api-path.ts';

/** Longest that a request for events may wait. Unit: ms. */
const WAIT_MS_MAX = 60_000;
/** Longest time in which a stream says nothing: then an answer without events. Unit: ms. */
const QUIET_MS_MAX = 20_000;

/** The routes. */
export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    run: (context, _, _body, query) => ask(context, query, wishOf(query), once(context)),
    follow: async (context, query) => {
      const first = await ask(context, query, { ...wishOf(query), waitMs: 0 }, once(context));
      return (signal) => goOn(context, query, first, signal);
    },
  },
  {
    method: 'GET',
    path: '/v1/members/:member/log',
    run: ({ logOf }, { member = '' }, _, query) => logOf(member, readLogWish(query)),
  },
];

const once = ({ stopped }: ApiContext): Manner => ({ isPatient: false, signal: stopped });

const wishOf = ({ after, ageMsMax, waitMs }: Params): EventWish => ({
  after: after ?? null,
  ageMsMax: ageMsMax === undefined ? null : readMs('ageMsMax', ageMsMax),
  countMax: null,
  waitMs: Math.min(WAIT_MS_MAX, readMs('waitMs', waitMs ?? '0')),
});

/** How it is asked for. `isPatient`: as in `SeenWish`. */
interface Manner {
  readonly isPatient: boolean;
  readonly signal: AbortSignal;
}

const ask = (
  { events, eventsOf }: ApiContext,
  { on }: Params,
  wish: EventWish,
  { isPatient, signal }: Manner,
): Promise<EventAnswer> =>
  on === undefined ? events(wish, signal) : eventsOf(on, { ...wish, isPatient }, signal);

/**
 * The first answer, at once, and then each that says something new. A member that cannot be asked
 * meanwhile is named in them and asked again: only the first answer may be a failure.
 */
async function* goOn(
  context: ApiContext,
  query: Params,
  first: EventAnswer,
  reader: AbortSignal,
): AsyncGenerator<EventAnswer> {
  const signal = AbortSignal.any([reader, context.stopped]);
  yield first;
  for (let { cursor } = first; !signal.aborted; ) {
    const wish = { after: cursor, ageMsMax: null, countMax: null, waitMs: QUIET_MS_MAX };
    const answer = await ask(context, query, wish, { isPatient: true, signal });
    if (signal.aborted) return;
    ({ cursor } = answer);
    yield answer;
  }
}
