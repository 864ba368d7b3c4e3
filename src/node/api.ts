/**
 * Loop: api — the local API: each route in one table, one answer for each request.
 *
 * The CLI is a client of it and of nothing else. Requests are plain records, so the simulator calls
 * it as the socket does.
 */
import * as z from 'zod/mini';
import type { MemberId } from '../crdt/ids.ts';
import { LABELS_MAX } from '../crdt/names.ts';
import { Fault } from '../fault.ts';
import type { LogPage } from '../log-book.ts';
import type { ApiAnswer, ApiRequest } from '../ports.ts';
import { SERVICE_NAMES } from '../services/registry.ts';
import { readAs, readLabels } from './api-body.ts';
import { eventRoutes } from './api-events.ts';
import type { AuditLimits } from './audit-files.ts';
import type { CoreActsContext } from './core-acts.ts';
import type { EventAnswer, EventWish } from './events.ts';
import type { HistoryContext } from './history.ts';
import { historyRoutes } from './history-routes.ts';
import type { LinkActsContext } from './link-acts.ts';
import type { SeenAnswer, SeenWish } from './member-events.ts';
import type { LogWish } from './member-log.ts';
import { memberRoutes, outOfStep } from './member-routes.ts';
import { namingRoutes } from './naming-routes.ts';
import {
  addOperator,
  createInvite,
  listInvites,
  makeNextCode,
  type OperatorPorts,
  recoverOperator,
  revokeInvite,
} from './operators.ts';
import { type RecoverContext, recover } from './recover.ts';
import { removeOperator, showRemoval } from './removal.ts';
import type { Told } from './rules/answers.ts';
import { matchPath, type Params } from './rules/api-path.ts';
import type { Comparison } from './rules/digest.ts';
import { readServices } from './rules/settings.ts';
import { membersOf, type Sight, statusOf } from './rules/status.ts';
import type { Sync } from './sync.ts';
import { runVerb, type VerbContext } from './verbs.ts';

/** What the routes need of the node. */
export interface ApiContext
  extends HistoryContext,
    RecoverContext,
    CoreActsContext,
    LinkActsContext,
    VerbContext {
  readonly auditLimits: () => AuditLimits;
  readonly setAuditLimits: (limits: AuditLimits) => Promise<void>;
  readonly sync: Sync;
  readonly ports: OperatorPorts;
  readonly sight: () => Promise<Sight>;
  readonly consent: () => Consent;
  readonly setConsent: (consent: Consent) => Promise<void>;
  readonly events: (wish: EventWish, signal?: AbortSignal) => Promise<EventAnswer>;
  /** How each connected member stands to this one. */
  readonly digests: () => Promise<ReadonlyMap<MemberId, Comparison>>;
  /** What a member saw, or `all` of them. */
  readonly eventsOf: (on: string, wish: SeenWish, signal?: AbortSignal) => Promise<SeenAnswer>;
  readonly logOf: (member: string, wish: LogWish) => Promise<LogPage>;
  /** Aborts when this member stops, or whoever asked is gone: streams and waits end then. */
  readonly stopped: AbortSignal;
  readonly leave: () => Promise<Told>;
  readonly stop: () => void;
}

/** What this VM allows. */
export interface Consent {
  readonly services: readonly string[];
  readonly allowRun: boolean;
  /** Whether this VM may have the core role. */
  readonly eligible: boolean;
}

/** What answers one kind of request. */
export interface Route {
  readonly method: ApiRequest['method'];
  /** Segments; one that begins with `:` matches any and names it. */
  readonly path: string;
  readonly run: (context: ApiContext, params: Params, body: unknown, query: Params) => unknown;
  /** With `?stream=true`: what comes after, too. */
  readonly follow?: (
    context: ApiContext,
    query: Params,
  ) => Promise<NonNullable<ApiAnswer['lines']>>;
}

/** A week: longer invites are passwords. Unit: ms. */
const TTL_MS_MAX = 7 * 24 * 3_600_000;
const TTL_WHY = 'not from 1000 (1 s) to 604800000 (7 d)';
const USES_MAX = 1_000;
const USES_WHY = `not a whole number from 1 to ${USES_MAX}`;

const LABELS_WHY = `more than ${LABELS_MAX}`;

const text = z.string('not a text');
const inviteBody = z.object({
  ttlMs: z.int(TTL_WHY).check(z.gte(1_000, TTL_WHY), z.lte(TTL_MS_MAX, TTL_WHY)),
  uses: z.int(USES_WHY).check(z.gte(1, USES_WHY), z.lte(USES_MAX, USES_WHY)),
  labels: z.array(text, 'not a list of texts').check(z.maxLength(LABELS_MAX, LABELS_WHY)),
});
const memberBody = z.object({ member: text });
const codeBody = z.nullable(z.object({ code: z.optional(text) }));
const aloneBody = z.nullable(z.object({ alone: z.optional(z.boolean('neither true nor false')) }));
const recoverBody = z.object({ code: text, nextCode: text });
const consentBody = z.object({
  services: z.optional(text),
  allowRun: z.optional(z.boolean('neither true nor false')),
  eligible: z.optional(z.boolean('neither true nor false')),
});

const routes: readonly Route[] = [
  ...memberRoutes,
  ...namingRoutes,
  ...eventRoutes,
  ...historyRoutes,
  {
    method: 'GET',
    path: '/v1/status',
    run: async (context, _, _body, { compare }) => {
      const status = statusOf(context.replica.view(), await context.sight());
      return compare === 'true' ? { ...status, outOfStep: await outOfStep(context) } : status;
    },
  },
  {
    method: 'GET',
    path: '/v1/members',
    run: async (context) => membersOf(context.replica.view(), await context.sight()),
  },
  {
    method: 'POST',
    path: '/v1/invites',
    run: (context, _, body) => {
      const { labels, ...wish } = readAs(inviteBody, body);
      return createInvite(context.ports, context, { ...wish, labels: readLabels(labels) });
    },
  },
  {
    method: 'GET',
    path: '/v1/invites',
    run: (context) => listInvites(context.replica.view(), context.ports.clock.wallMs()),
  },
  {
    method: 'DELETE',
    path: '/v1/invites/:id',
    run: (context, { id = '' }) => revokeInvite(context.ports, context, id),
  },
  {
    method: 'POST',
    path: '/v1/operators',
    run: (context, _, body) => addOperator(context.ports, context, readAs(memberBody, body).member),
  },
  {
    method: 'GET',
    path: '/v1/operators/:member/removal',
    run: (context, { member = '' }) => showRemoval(context.ports, context, member),
  },
  {
    method: 'DELETE',
    path: '/v1/operators/:member',
    run: (context, { member = '' }) => removeOperator(context.ports, context, member),
  },
  {
    method: 'POST',
    path: '/v1/recovery-codes',
    run: (context, _, body) =>
      makeNextCode(context.ports, context, readAs(codeBody, body)?.code ?? null),
  },
  {
    method: 'POST',
    path: '/v1/operators/recover',
    run: (context, _, body) => recoverOperator(context.ports, context, readAs(recoverBody, body)),
  },
  {
    method: 'POST',
    path: '/v1/recover',
    run: (context, _, body) =>
      recover(context.ports, context, readAs(aloneBody, body)?.alone === true),
  },
  { method: 'GET', path: '/v1/consent', run: (context) => context.consent() },
  {
    method: 'PUT',
    path: '/v1/consent',
    run: async (context, _, body) => {
      const wish = readAs(consentBody, body);
      const now = context.consent();
      // What it consented to under an earlier version stays a word that can be said.
      const known = [...new Set([...SERVICE_NAMES, ...now.services])];
      await context.setConsent({
        services: wish.services === undefined ? now.services : readServices(wish.services, known),
        allowRun: wish.allowRun ?? now.allowRun,
        eligible: wish.eligible ?? now.eligible,
      });
      return context.consent();
    },
  },
  {
    method: 'POST',
    path: '/v1/services/:service/:verb',
    run: (context, { service = '', verb = '' }, body) => runVerb(context, service, verb, body),
  },
  {
    method: 'POST',
    path: '/v1/services/:service/:verb/:part',
    run: (context, { service = '', verb = '', part = '' }, body) =>
      runVerb(context, service, `${verb} ${part}`, body),
  },
  { method: 'POST', path: '/v1/leave', run: (context) => context.leave() },
  { method: 'POST', path: '/v1/stop', run: (context) => context.stop() },
];

/**
 * Answers one request. Throws a Fault for what is not acceptable; the edge turns it into a
 * status. `reader` aborts when whoever asked is gone.
 */
export async function answerApi(
  node: ApiContext,
  request: ApiRequest,
  reader?: AbortSignal,
): Promise<ApiAnswer> {
  const matches = routes.flatMap((route) => {
    const params = matchPath(route.path, request.path);
    return params === null ? [] : [{ route, params }];
  });
  const found = matches.find(({ route }) => route.method === request.method);
  if (found === undefined) {
    throw new Fault('usage', {
      field: 'path',
      value: `${request.method} ${request.path}`,
      why: 'this API has no such route',
      remedy: 'where the daemon is older than the command: cnsmo restart; else see cnsmo --help',
    });
  }
  const stopped = reader === undefined ? node.stopped : AbortSignal.any([node.stopped, reader]);
  const context = { ...node, stopped };
  if (found.route.follow !== undefined && request.query.stream === 'true') {
    const lines = await found.route.follow(context, request.query);
    return { status: 200, body: null, lines };
  }
  const body = await found.route.run(context, found.params, request.body, request.query);
  return { status: 200, body: body ?? {} };
}
