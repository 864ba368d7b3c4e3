/**
 * Loop: member routes — the routes of the local API for members that come and go.
 */
import * as z from 'zod/mini';
import type { ApiContext, Route } from './api.ts';
import { readAs } from './api-body.ts';
import { setDraining, setEpoch, showCore, stepDown } from './core-acts.ts';
import { evict, foreseeEviction } from './evict.ts';
import { findAt, setDegree, showLinks } from './link-acts.ts';
import { compared, type DutySight, doDuties } from './rules/duties.ts';
import { membersOf } from './rules/status.ts';

/** Longest reason of an eviction. Unit: characters. As in its record. */
const REASON_LENGTH_MAX = 200;

const flag = z.optional(z.boolean('neither true nor false'));
const evictionBody = z.object({
  member: z.string('not a text'),
  reason: z.optional(
    z
      .string('not a text')
      .check(z.maxLength(REASON_LENGTH_MAX, `longer than ${REASON_LENGTH_MAX} characters`)),
  ),
  cascade: flag,
  sure: flag,
});

const epochBody = z.object({ epochMs: z.int('not a whole number of ms') });
const placeBody = z.object({ at: z.string('not a text') });
const degreeBody = z.object({ degree: z.int('not a whole number') });
const drainBody = z.object({ draining: z.boolean('neither true nor false') });

async function dutySight({ replica, sight, digests, absences }: ApiContext): Promise<DutySight> {
  const view = replica.view();
  const [seen, found] = await Promise.all([sight(), digests()]);
  return { view, members: membersOf(view, seen), digests: found, absences: absences() };
}

/** Members that are not in step with this one, in words. */
export const outOfStep = async (context: ApiContext): Promise<readonly string[]> =>
  compared(await dutySight(context));

/** The routes. */
export const memberRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/evictions/:member',
    run: (context, { member = '' }, _, { cascade }) =>
      foreseeEviction(context.ports, context, { member, isCascade: cascade === 'true' }),
  },
  {
    method: 'POST',
    path: '/v1/evictions',
    run: (context, _, body) => {
      const { member, reason = '', cascade, sure } = readAs(evictionBody, body);
      const wish = { member, reason, isCascade: cascade === true, isSure: sure === true };
      return evict(context.ports, context, wish);
    },
  },
  {
    method: 'GET',
    path: '/v1/core',
    run: async (context) => ({
      ...showCore(context),
      duties: doDuties(await dutySight(context)),
    }),
  },
  {
    method: 'POST',
    path: '/v1/core/step-down',
    run: (context) => stepDown(context.ports, context),
  },
  {
    method: 'PUT',
    path: '/v1/core/epoch',
    run: (context, _, body) => setEpoch(context, readAs(epochBody, body).epochMs),
  },
  { method: 'GET', path: '/v1/links', run: async (context) => showLinks(context) },
  {
    method: 'POST',
    path: '/v1/links/at',
    run: (context, _, body) => findAt(context.ports, context, readAs(placeBody, body).at),
  },
  {
    method: 'PUT',
    path: '/v1/links/degree',
    run: (context, _, body) => setDegree(context, readAs(degreeBody, body).degree),
  },
  {
    method: 'PUT',
    path: '/v1/drain',
    run: (context, _, body) => setDraining(context, readAs(drainBody, body).draining),
  },
];
