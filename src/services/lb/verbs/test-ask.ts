/** Rule: test ask — asks the balancer's verbs as a request would, for tests only. */
import type { Member, View } from '../../../crdt/view.ts';
import { askingOf } from '../../test-ask.ts';
import { memberOf, viewWith } from '../../test-view.ts';
import { SERVICE } from '../balancers.ts';
import { lbVerbs } from './verbs.ts';

/** vm1 alone; vm2 and vm3 with `role=web`; vm4, where lb does not run and programs may not. */
export const MEMBERS: readonly Member[] = [
  memberOf(1),
  memberOf(2, { role: 'web' }),
  memberOf(3, { role: 'web' }),
  { ...memberOf(4, { role: 'db' }), services: ['vpn'], allowsRun: false },
];

/** Those members, and no balancer. */
export const fourMembers = (members = MEMBERS): View => viewWith(SERVICE, members, {});

export const { ask, refusalOf, after } = askingOf(() => lbVerbs.verbs);
