/**
 * Loop: history routes — the routes of the local API for who changed what, and what lost unseen.
 */
import * as z from 'zod/mini';
import type { ApiContext, Route } from './api.ts';
import { readAs, readCount, readMs } from './api-body.ts';
import { type AuditWish, auditChanges, auditLines, conflictsNow, takeLoser } from './history.ts';
import type { Params } from './rules/api-path.ts';
import { askedBody, readAsked } from './uphold.ts';

const text = z.string('not a text');
const takeBody = z.object({ path: text, author: z.optional(text), ...askedBody });
const KEPT_WHY = 'not a whole number of at least 1048576 bytes (1 MiB) and 3600000 ms (1 h)';
const auditBody = z.object({
  bytesMax: z.optional(z.int(KEPT_WHY).check(z.gte(1_048_576, KEPT_WHY))),
  ageMsMax: z.optional(z.int(KEPT_WHY).check(z.gte(3_600_000, KEPT_WHY))),
});

/** How many are answered at once; a stream has all. */
const COUNT_USUAL = 1_000;

/** Which changes are asked for. `countMax`: how many where that is not said. */
const auditWish = ({ ports }: ApiContext, query: Params, countMax: number): AuditWish => ({
  sinceMs: query.ageMs === undefined ? null : ports.clock.wallMs() - readMs('ageMs', query.ageMs),
  path: query.path ?? null,
  author: query.author ?? null,
  countMax: query.count === undefined ? countMax : readCount('count', query.count),
  withFrames: query.frames === 'true',
});

/** The routes. `GET /v1/audit?stream=true`: all of it, line by line. */
export const historyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/audit',
    run: (context, _, _body, query) =>
      auditChanges(context, auditWish(context, query, COUNT_USUAL)),
    follow: async (context, query) => {
      const lines = auditLines(context, auditWish(context, query, Number.MAX_SAFE_INTEGER));
      return () => lines;
    },
  },
  { method: 'GET', path: '/v1/audit/limits', run: (context) => context.auditLimits() },
  {
    method: 'PUT',
    path: '/v1/audit/limits',
    run: async (context, _, body) => {
      const { bytesMax, ageMsMax } = readAs(auditBody, body);
      const now = context.auditLimits();
      await context.setAuditLimits({
        bytesMax: bytesMax ?? now.bytesMax,
        ageMsMax: ageMsMax ?? now.ageMsMax,
      });
      return context.auditLimits();
    },
  },
  { method: 'GET', path: '/v1/conflicts', run: conflictsNow },
  {
    method: 'POST',
    path: '/v1/conflicts/take',
    run: (context, _, body) => {
      const { path, author, ...asked } = readAs(takeBody, body);
      return takeLoser(context, path, author ?? null, readAsked(asked));
    },
  },
];
