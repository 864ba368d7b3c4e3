/**
 * Loop: naming routes — the routes of the local API for names and labels of members.
 */
import * as z from 'zod/mini';
import type { Route } from './api.ts';
import { readAs } from './api-body.ts';
import { labelMember, renameMember } from './naming.ts';
import { askedBody, readAsked } from './uphold.ts';

const text = z.string('not a text');
const nameBody = z.object({ name: text });
const labelsBody = z.object({
  changes: z.array(text, 'not a list of texts').check(z.minLength(1, 'none'), z.maxLength(64)),
  ...askedBody,
});

/** The routes. */
export const namingRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/members/:member/name',
    run: (context, { member = '' }, body) =>
      renameMember(context, member, readAs(nameBody, body).name),
  },
  {
    method: 'PUT',
    path: '/v1/members/:member/labels',
    run: (context, { member = '' }, body) => {
      const { changes, ...asked } = readAs(labelsBody, body);
      return labelMember(context, member, changes, readAsked(asked));
    },
  },
];
