/**
 * Loop: api — the local API: each route in one table, one answer for each request.
 *
 * The CLI and the dashboard are clients of it and of nothing else. Requests are plain records, so
 * the simulator calls it as the socket does.
 */
import * as z from 'zod/mini';
import { parseLabel } from '../crdt/names.ts';
import { printRecoveryCode } from '../crdt/recovery.ts';
import { Fault } from '../fault.ts';
import type { ApiAnswer, ApiRequest } from '../ports.ts';
import {
  addOperator,
  createInvite,
  listInvites,
  type OperatorContext,
  type OperatorPorts,
  recoverOperator,
  removeOperator,
  revokeInvite,
} from './operators.ts';
import { readServices } from './rules/settings.ts';
import { membersOf, type Sight, statusOf } from './rules/status.ts';

/** What the routes need of the node. */
export interface ApiContext extends OperatorContext {
  readonly ports: OperatorPorts;
  readonly sight: () => Promise<Sight>;
  readonly consent: () => Consent;
  readonly setConsent: (consent: Consent) => Promise<void>;
  readonly leave: () => Promise<void>;
  readonly stop: () => void;
}

/** What this VM allows. */
export interface Consent {
  readonly services: readonly string[];
  readonly allowRun: boolean;
}

type Params = Readonly<Record<string, string>>;

interface Route {
  readonly method: ApiRequest['method'];
  /** Segments; one that begins with `:` matches any and names it. */
  readonly path: string;
  readonly run: (context: ApiContext, params: Params, body: unknown) => unknown;
}

/** A week: longer invites are passwords. Unit: ms. */
const TTL_MS_MAX = 7 * 24 * 3_600_000;
const USES_MAX = 1_000;

const inviteBody = z.object({
  ttlMs: z.int().check(z.gte(1_000), z.lte(TTL_MS_MAX)),
  uses: z.int().check(z.gte(1), z.lte(USES_MAX)),
  labels: z.array(z.string()),
});
const memberBody = z.object({ member: z.string() });
const recoverBody = z.object({ code: z.string(), nextCode: z.string() });
const consentBody = z.object({
  services: z.optional(z.string()),
  allowRun: z.optional(z.boolean()),
});

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/status',
    run: async (context) => statusOf(context.replica.view(), await context.sight()),
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
      const { labels, ...wish } = read(inviteBody, body, 'ttl or uses out of range');
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
    run: (context, _, body) =>
      addOperator(context.ports, context, read(memberBody, body, 'no member named').member),
  },
  {
    method: 'DELETE',
    path: '/v1/operators/:member',
    run: (context, { member = '' }) => removeOperator(context.ports, context, member),
  },
  {
    method: 'POST',
    path: '/v1/recovery-codes',
    run: ({ ports }) => ({ code: printRecoveryCode(ports.crypto, ports.random.bytes(32)) }),
  },
  {
    method: 'POST',
    path: '/v1/operators/recover',
    run: (context, _, body) =>
      recoverOperator(context.ports, context, read(recoverBody, body, 'no code given')),
  },
  { method: 'GET', path: '/v1/consent', run: (context) => context.consent() },
  {
    method: 'PUT',
    path: '/v1/consent',
    run: async (context, _, body) => {
      const wish = read(consentBody, body, 'not a consent');
      const now = context.consent();
      await context.setConsent({
        services: wish.services === undefined ? now.services : readServices(wish.services),
        allowRun: wish.allowRun ?? now.allowRun,
      });
      return context.consent();
    },
  },
  { method: 'POST', path: '/v1/leave', run: (context) => context.leave() },
  { method: 'POST', path: '/v1/stop', run: (context) => context.stop() },
];

/**
 * Answers one request. Throws a Fault for what is not acceptable; the edge turns it into a
 * status.
 */
export async function answerApi(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const matches = routes.flatMap((route) => {
    const params = match(route.path, request.path);
    return params === null ? [] : [{ route, params }];
  });
  const found = matches.find(({ route }) => route.method === request.method);
  if (found === undefined) {
    throw new Fault('usage', {
      field: 'path',
      value: `${request.method} ${request.path}`,
      why: 'this API has no such route',
      remedy: 'see the API section of the documentation',
    });
  }
  const body = await found.route.run(context, found.params, request.body);
  return { status: 200, body: body ?? {} };
}

function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return params;
}

function read<T>(schema: z.ZodMiniType<T>, body: unknown, why: string): T {
  const parsed = z.safeParse(schema, body);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? 'body';
  const remedy = 'see the command’s --help for what it accepts';
  throw new Fault('refused', {
    field: field === '' ? 'body' : field,
    value: 'as given',
    why,
    remedy,
  });
}

function readLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const label = parseLabel(text);
    if (label.ok) return label.value;
    const remedy = 'write it as key=value, as role=web';
    throw new Fault('refused', { field: 'label', value: text, why: label.why, remedy });
  });
  return Object.fromEntries(pairs);
}
